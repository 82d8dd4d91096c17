import { checkArgument } from '@covpool/base';
import { takeBoxes, type Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import { batchedNms } from './nms.ts';
import { isLargeEnough } from './select-proposals.ts';
import { softNms, type SoftNmsOptions } from './soft-nms.ts';
import { topScores } from './top-scores.ts';

export interface DetectionOptions extends ConventionsOption {
  /** How many classes there are, without the background. */
  classes: number;
  /** Only scores above this count. @default 0.05 */
  minScore?: number;
  /** @default 0.5 */
  threshold?: number;
  /** How many detections are left, of all classes. @default 100 */
  count?: number;
  /** Soft suppression instead of hard. */
  soft?: Omit<SoftNmsOptions, 'conventions'>;
}

/** Detections of one picture, highest score first. */
export interface Detections {
  boxes: Boxes;
  scores: Float32Array;
  /** 0, 1, …, without the background. */
  classes: Int32Array;
  /** Which box of the second stage each came from. */
  rois: Int32Array;
}

/**
 * The detections of one picture: every class of every box with a score above `minScore`, suppressed class by class, and of all
 * classes the best. Cost: a pass over the scores and `nms` of what is above `minScore`.
 *
 * @param boxes decoded and clipped, one for each of R boxes and each class that has a box output (`regressedClasses`), or one
 *   for each of R
 * @param scores softmax of R boxes over the classes and the background, which is first or last by the conventions
 * @throws bad-argument for lengths that do not fit
 */
export function selectDetections(
  boxes: Boxes,
  scores: Float32Array,
  { classes, minScore = 0.05, threshold = 0.5, count = 100, soft, conventions }: DetectionOptions,
): Detections {
  const { background, minDetectionSize, extent } = conventionsOf(conventions);
  const rois = scores.length / (classes + 1);
  const first = background === 'first' ? 1 : 0;
  const regressed = classes + first;
  const outputs = rois === 0 ? regressed : boxes.length / 4 / rois;
  checkArgument(
    Number.isInteger(rois) && (outputs === regressed || outputs === 1) && (rois > 0 || boxes.length === 0),
    () =>
      `selectDetections: ${classes + 1} scores and 1 or ${regressed} boxes for each of R boxes are required, ` +
      `got ${scores.length} scores and ${boxes.length / 4} boxes`,
  );
  const found: { box: number; score: number; label: number; roi: number }[] = [];
  for (let roi = 0; roi < rois; roi++) {
    for (let label = 0; label < classes; label++) {
      const score = scores[roi * (classes + 1) + label + first]!;
      if (!(score > minScore)) continue;
      const box = outputs === 1 ? roi : roi * outputs + label + first;
      const [width, height] = [boxes[4 * box + 2]! - boxes[4 * box]!, boxes[4 * box + 3]! - boxes[4 * box + 1]!];
      if (minDetectionSize !== undefined && !isLargeEnough(width + extent, height + extent, minDetectionSize)) continue;
      found.push({ box, score, label, roi });
    }
  }
  const candidates = takeBoxes(
    boxes,
    found.map(({ box }) => box),
  );
  const labels = found.map(({ label }) => label);
  const given = Float32Array.from(found, ({ score }) => score);
  const kept = soft
    ? softByClass(candidates, given, labels, { ...soft, conventions }, count)
    : withScores(batchedNms(candidates, given, labels, { threshold, count, conventions }), given);
  return {
    boxes: takeBoxes(candidates, kept.indices),
    scores: kept.scores,
    classes: Int32Array.from(kept.indices, (n) => labels[n]!),
    rois: Int32Array.from(kept.indices, (n) => found[n]!.roi),
  };
}

interface Kept {
  indices: Int32Array;
  scores: Float32Array;
}

const withScores = (indices: Int32Array, scores: Float32Array): Kept => ({
  indices,
  scores: Float32Array.from(indices, (n) => scores[n]!),
});

function softByClass(
  boxes: Boxes,
  scores: Float32Array,
  labels: readonly number[],
  options: SoftNmsOptions,
  count: number,
): Kept {
  const lowered = new Float32Array(scores.length);
  for (const label of new Set(labels)) {
    const members = [...labels.keys()].filter((n) => labels[n] === label);
    const kept = softNms(
      takeBoxes(boxes, members),
      Float32Array.from(members, (n) => scores[n]!),
      options,
    );
    kept.indices.forEach((member, i) => (lowered[members[member]!] = kept.scores[i]!));
  }
  const indices = topScores(lowered, count).filter((n) => lowered[n]! > 0);
  return withScores(indices, lowered);
}
