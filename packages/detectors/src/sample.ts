import { checkArgument, type Random } from '@covpool/base';
import { BACKGROUND } from './assign.ts';

export interface SampleOptions {
  /** How many boxes, at most. */
  count: number;
  /** The largest share of boxes with a ground truth. */
  positiveFraction: number;
  random: Random;
}

/** Indices of boxes with a ground truth and of background, both ascending. */
export interface Sample {
  positives: Int32Array;
  negatives: Int32Array;
}

/** The samples of the first stage and of the second, per picture. */
export const FIRST_STAGE_SAMPLE = { count: 256, positiveFraction: 0.5 } as const;
export const SECOND_STAGE_SAMPLE = { count: 512, positiveFraction: 0.25 } as const;

/**
 * Draws boxes to train on, without replacement: at most ⌊count·positiveFraction⌋ with a ground truth, then background up to
 * `count`, so that missing positives are filled with negatives. It is mmdetection's RandomSampler, and torchvision's
 * BalancedPositiveNegativeSampler draws the same. Cost: linear in the boxes.
 *
 * @param assigned what `assignBoxes` returns
 * @throws bad-argument unless count is a whole number and the fraction in [0, 1]
 */
export function sampleBoxes(assigned: Int32Array, { count, positiveFraction, random }: SampleOptions): Sample {
  checkArgument(
    Number.isInteger(count) && count >= 0 && positiveFraction >= 0 && positiveFraction <= 1,
    () =>
      `sampleBoxes: count must be a whole number and positiveFraction in [0, 1], got ${count} and ${positiveFraction}`,
  );
  const positives: number[] = [];
  const negatives: number[] = [];
  assigned.forEach((truth, n) => {
    if (truth >= 0) positives.push(n);
    else if (truth === BACKGROUND) negatives.push(n);
  });
  const chosen = draw(positives, Math.floor(count * positiveFraction), random);
  return { positives: chosen, negatives: draw(negatives, count - chosen.length, random) };
}

/** `count` of the indices, or all if there are no more: the first steps of a Fisher–Yates shuffle. */
function draw(indices: number[], count: number, random: Random): Int32Array {
  if (indices.length <= count) return Int32Array.from(indices);
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(indices.length - i);
    [indices[i], indices[j]] = [indices[j]!, indices[i]!];
  }
  return Int32Array.from(indices.slice(0, count)).sort();
}
