import type { Annotations } from './annotations.ts';
import { areaRanges, isWithin } from './area-ranges.ts';
import { MOST_DETECTIONS } from './coco-parameters.ts';
import { sortByScore } from './counting-sort.ts';
import type { Detections } from './detections.ts';
import { ALL_MISSES, Matcher } from './match.ts';
import type { Overlap } from './overlap.ts';

/** What an evaluation works on. */
export interface Evaluation {
  annotations: Annotations;
  detections: Detections;
  overlap: Overlap;
}

/** What became of the detections that count, picture by picture. */
export interface Matches {
  /** For each of `areaRanges` a word per detection; see `Matcher`. */
  words: Uint32Array[];
  score: Float64Array;
  /** The place of a detection in its picture, by falling score. */
  rank: Uint8Array;
}

/**
 * Matches one category. Both lists of rows are in the order of pictures; those of detections are sorted by score within each picture.
 *
 * @param ignored For each of `areaRanges` a flag per object: not to be found.
 */
export function matchCategory(
  { annotations, detections, overlap }: Evaluation,
  objects: Int32Array,
  found: Int32Array,
  ignored: readonly Uint8Array[],
): Matches {
  const matcher = new Matcher();
  const words = areaRanges.map(() => new Uint32Array(found.length));
  const rank = new Uint8Array(found.length);
  const score = new Float64Array(found.length);
  const crowd = Uint8Array.from(objects, (row) => annotations.crowd[row]!);
  let length = 0;
  let object = 0;
  for (let first = 0, end = 0; first < found.length; first = end) {
    const picture = detections.image[found[first]!]!;
    end = endOfPicture(detections.image, found, first, picture);
    while (object < objects.length && annotations.image[objects[object]!]! < picture) object++;
    const lastObject = endOfPicture(annotations.image, objects, object, picture);

    const best = sortByScore(found.subarray(first, end), detections.score).subarray(0, MOST_DETECTIONS);
    const here = objects.subarray(object, lastObject);
    const ious = overlap(best, here);
    const cell = { found: best.length, objects: here.length, ious, crowd: crowd.subarray(object, lastObject) };
    for (let range = 0; range < areaRanges.length; range++) {
      markMisses(words[range]!, length, best, detections.area, range);
      if (here.length === 0) continue;
      matcher.match({ ...cell, ignored: ignored[range]!.subarray(object, lastObject) }, words[range]!, length);
    }
    for (let i = 0; i < best.length; i++) {
      rank[length] = i;
      score[length++] = detections.score[best[i]!]!;
    }
    object = lastObject;
  }
  return {
    words: words.map((all) => all.subarray(0, length)),
    score: score.subarray(0, length),
    rank: rank.subarray(0, length),
  };
}

function endOfPicture(image: Int32Array, rows: Int32Array, first: number, picture: number): number {
  let end = first;
  while (end < rows.length && image[rows[end]!] === picture) end++;
  return end;
}

/** What finds nothing is a miss, unless it is of another size: then it does not count. */
function markMisses(words: Uint32Array, first: number, rows: Int32Array, area: Float64Array, range: number): void {
  const name = areaRanges[range]!;
  for (let i = 0; i < rows.length; i++) words[first + i] = isWithin(area[rows[i]!]!, name) ? ALL_MISSES : 0;
}
