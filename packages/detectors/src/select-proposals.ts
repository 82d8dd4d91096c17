import { decodeBoxes } from './box-coder.ts';
import { takeBoxes, type Boxes, type PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import { batchedNms } from './nms.ts';
import { topScores } from './top-scores.ts';

/** What the first stage says about the anchors of one level of one picture. */
export interface LevelPrediction {
  /** [4·N] */
  anchors: Boxes;
  /** Logits, [N]. */
  objectness: Float32Array;
  /** [4·N] */
  deltas: Float32Array;
}

export interface ProposalOptions extends ConventionsOption {
  /** The picture as it is without padding, which proposals are clipped to. */
  picture: PictureSize;
  /** Which of the conventions' counts. */
  training: boolean;
  /** @default 0.7 */
  threshold?: number;
  /** How many of a level are decoded. @default those of the conventions */
  before?: number;
  /** How many are left in all. @default those of the conventions */
  after?: number;
}

/** Boxes with scores in [0, 1], highest first. */
export interface Proposals {
  boxes: Boxes;
  scores: Float32Array;
}

/**
 * The proposals of one picture: of each level the anchors with the highest scores, decoded, without those that are empty or
 * too small, suppressed level by level, and of all levels together the best.
 * Cost: a sort of each level's scores and `nms` of what was decoded.
 */
export function selectProposals(
  levels: readonly LevelPrediction[],
  { picture, training, threshold = 0.7, conventions, before, after }: ProposalOptions,
): Proposals {
  const { proposals, extent } = conventionsOf(conventions);
  const phase = training ? 'train' : 'test';
  const boxes: number[] = [];
  const scores: number[] = [];
  const groups: number[] = [];
  levels.forEach(({ anchors, objectness, deltas }, level) => {
    const best = topScores(objectness, before ?? proposals.before[phase]);
    const decoded = decodeBoxes(takeBoxes(anchors, best), takeBoxes(deltas, best), { picture, conventions });
    best.forEach((anchor, n) => {
      const [x1, y1, x2, y2] = decoded.subarray(4 * n, 4 * n + 4) as unknown as [number, number, number, number];
      if (!isLargeEnough(x2 - x1 + extent, y2 - y1 + extent, proposals.minSize)) return;
      boxes.push(x1, y1, x2, y2);
      scores.push(1 / (1 + Math.exp(-objectness[anchor]!)));
      groups.push(level);
    });
  });
  const [all, allScores] = [Float32Array.from(boxes), Float32Array.from(scores)];
  const kept = batchedNms(all, allScores, groups, { threshold, conventions, count: after ?? proposals.after[phase] });
  return { boxes: takeBoxes(all, kept), scores: Float32Array.from(kept, (n) => allScores[n]!) };
}

/** Whether a box of this size has an area, and sides of `minSize` or more. */
export const isLargeEnough = (width: number, height: number, minSize: number): boolean =>
  width > 0 && height > 0 && width >= minSize && height >= minSize;
