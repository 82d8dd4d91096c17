import type { Annotations } from './annotations.ts';
import { AREA_RANGES, MOST_DETECTIONS } from './coco-parameters.ts';
import { sortByScore } from './counting-sort.ts';
import { precisionRecall, recallOfFirst, type Curves } from './curves.ts';
import type { Detections } from './detections.ts';
import { Matcher } from './match.ts';
import type { Overlap } from './overlap.ts';

export type AreaRange = keyof typeof AREA_RANGES;
const RANGES = Object.keys(AREA_RANGES) as AreaRange[];

/** One category: curves for each range of sizes, undefined where nothing of that size is to be found. */
export interface CategoryCurves {
  /** Objects to be found, of each range of sizes. */
  wanted: Record<AreaRange, number>;
  curves: Record<AreaRange, Curves | undefined>;
  /** Recall of all sizes with 1 and with 10 detections a picture. */
  recall1?: Float64Array;
  recall10?: Float64Array;
}

/** What an evaluation works on. */
export interface Evaluation {
  annotations: Annotations;
  detections: Detections;
  overlap: Overlap;
}

/** Evaluates one category; both lists of rows are in the order of pictures. */
export function evaluateCategory(
  { annotations, detections, overlap }: Evaluation,
  objects: Int32Array,
  found: Int32Array,
): CategoryCurves {
  const ignored = RANGES.map((range) =>
    Uint8Array.from(objects, (row) => (annotations.crowd[row] || !isWithin(annotations.area[row]!, range) ? 1 : 0)),
  );
  const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + 1 - flag, 0);
  const wanted = ignored.map(count);
  const result: CategoryCurves = { wanted: byRange(wanted), curves: byRange([]) };
  if (wanted[0] === 0) return result;

  const matcher = new Matcher();
  const words = RANGES.map(() => new Uint32Array(found.length));
  const rank = new Uint8Array(found.length);
  const score = new Float64Array(found.length);
  let length = 0;
  for (let f = 0, o = 0; f < found.length; ) {
    const image = detections.image[found[f]!]!;
    let lastFound = f;
    while (lastFound < found.length && detections.image[found[lastFound]!] === image) lastFound++;
    while (o < objects.length && annotations.image[objects[o]!]! < image) o++;
    let lastObject = o;
    while (lastObject < objects.length && annotations.image[objects[lastObject]!] === image) lastObject++;

    const best = sortByScore(found.slice(f, lastFound), detections.score).subarray(0, MOST_DETECTIONS);
    const here = objects.subarray(o, lastObject);
    const ious = overlap(best, here);
    const crowd = Uint8Array.from(here, (row) => annotations.crowd[row]!);
    RANGES.forEach((range, r) => {
      if (wanted[r] === 0) return;
      const outside = Uint8Array.from(best, (row) => (isWithin(detections.area[row]!, range) ? 0 : 1));
      const cell = { found: best.length, objects: here.length, ious, crowd, outside };
      matcher.match({ ...cell, ignored: ignored[r]!.subarray(o, lastObject) }, words[r]!, length);
    });
    for (let i = 0; i < best.length; i++) {
      rank[length] = i;
      score[length++] = detections.score[best[i]!]!;
    }
    f = lastFound;
    o = lastObject;
  }

  const order = sortByScore(
    Int32Array.from({ length }, (_, i) => i),
    score,
  );
  const curves = RANGES.map((_, r) =>
    wanted[r]! > 0 ? precisionRecall(words[r]!, order, score, wanted[r]!) : undefined,
  );
  const ranks = rank.subarray(0, length);
  const recallOf = (most: number): Float64Array => recallOfFirst(words[0]!, ranks, most, wanted[0]!);
  return { ...result, curves: byRange(curves), recall1: recallOf(1), recall10: recallOf(10) };
}

function isWithin(area: number, range: AreaRange): boolean {
  return area >= AREA_RANGES[range][0] && area <= AREA_RANGES[range][1];
}

function byRange<T>(values: T[]): Record<AreaRange, T> {
  return { all: values[0]!, small: values[1]!, medium: values[2]!, large: values[3]! };
}
