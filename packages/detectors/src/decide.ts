import { checkArgument, Random } from '@covpool/base';
import { anchorsInside, anchorsOnPicture } from './anchors.ts';
import { assignBoxes, BACKGROUND } from './assign.ts';
import { encodeBoxes, SECOND_STAGE_DEVIATIONS } from './box-coder.ts';
import { takeBoxes, type Boxes } from './boxes.ts';
import { type ConventionsName, conventionsOf } from './conventions.ts';
import { checkTarget, type DetectionTarget, type PictureGeometry } from './detection-batch.ts';
import { maskTargets } from './mask-target.ts';
import { levelOrder, takeRois } from './pool-rois.ts';
import type { Rois } from './roi-align.ts';
import { sampleBoxes } from './sample.ts';
import { selectProposals } from './select-proposals.ts';
import type { DetectorSettings } from './settings.ts';

/** What the losses of a batch are computed on: numbers in the processor's memory. */
export interface Decisions {
  /** Sampled anchors of the whole batch; an index counts through the pictures. */
  anchors: {
    positives: Int32Array;
    negatives: Int32Array;
    /** [4·P] */
    deltas: Float32Array;
  };
  /** Sampled boxes of the whole batch, in the order of their levels. */
  rois: Rois;
  /** For each box the output of the classifier that is right. */
  labels: Int32Array;
  /** Boxes with a ground truth: which these are, the output of the regression that is theirs, and what it should be. */
  positives: { indices: Int32Array; outputs: Int32Array; deltas: Float32Array };
  /** What the masks of the boxes with a ground truth should be, [P·resolution²]; absent without a mask head. */
  masks?: Float32Array;
}

/** The first stage's outputs in the processor's memory. */
export interface FirstStageValues {
  /** Anchors of each level. */
  anchors: readonly Boxes[];
  /** Rows, columns and stride of each level. */
  grids: readonly { size: readonly [rows: number, columns: number]; stride: number }[];
  /** [B·N] */
  logits: Float32Array;
  /** [B·N·4] */
  deltas: Float32Array;
}

export interface DecideOptions {
  classes: number;
  conventions: ConventionsName;
  settings: DetectorSettings;
  /** Whether there is a mask head. */
  masks: boolean;
  pooledStrides: readonly number[];
  seed: number;
}

/** The levels of one picture as `selectProposals` takes them. */
export function levelsOfPicture({ anchors, logits, deltas }: FirstStageValues, picture: number) {
  const total = anchors.reduce((sum, level) => sum + level.length / 4, 0);
  let at = picture * total;
  return anchors.map((level) => {
    const [from, to] = [at, at + level.length / 4];
    at = to;
    return { anchors: level, objectness: logits.subarray(from, to), deltas: deltas.subarray(4 * from, 4 * to) };
  });
}

/**
 * Everything about a training step that is no differentiable function of the weights: which anchors and proposals are trained on, and
 * towards what. A function of its arguments alone.
 *
 * @throws bad-argument for targets that no network could learn, naming the picture and the box
 */
export function decide(
  values: FirstStageValues,
  pictures: readonly PictureGeometry[],
  targets: readonly DetectionTarget[],
  options: DecideOptions,
): Decisions {
  checkArgument(
    targets.length === pictures.length,
    () => `decide: targets for each of ${pictures.length} pictures are required, got ${targets.length}`,
  );
  const { classes, masks: needsMasks, conventions, pooledStrides } = options;
  const parts = pictures.map(({ height, width }, i) => {
    const target = targets[i]!;
    checkTarget('decide', i, target, { classes, size: [height, width], needsMasks });
    return {
      anchors: firstStageOf(values, i, [height, width], target, options),
      boxes: secondStageOf(values, i, [height, width], target, options),
    };
  });
  const count = values.anchors.reduce((sum, level) => sum + level.length / 4, 0);
  const shifted = (which: 'positives' | 'negatives') =>
    Int32Array.from(parts.flatMap(({ anchors }, i) => Array.from(anchors[which], (n) => n + i * count)));
  const rois: Rois = {
    boxes: joined(parts.map(({ boxes }) => boxes.boxes)),
    pictures: Int32Array.from(parts.flatMap(({ boxes }, i) => Array.from(boxes.truths, () => i))),
  };
  const order = levelOrder(rois, { strides: pooledStrides, conventions });
  const truths = parts.flatMap(({ boxes }) => [...boxes.truths]);
  return {
    anchors: {
      positives: shifted('positives'),
      negatives: shifted('negatives'),
      deltas: joined(parts.map(({ anchors }) => anchors.deltas)),
    },
    ...secondStageTargets(
      takeRois(rois, order),
      order.map((n) => truths[n]!),
      targets,
      pictures,
      options,
    ),
  };
}

type Size = readonly [height: number, width: number];

/** Anchors of one picture to train the first stage on. */
function firstStageOf(
  { anchors, grids }: FirstStageValues,
  picture: number,
  size: Size,
  { boxes }: DetectionTarget,
  {
    conventions,
    settings: {
      proposals,
      anchors: { ratios },
    },
    seed,
  }: DecideOptions,
): { positives: Int32Array; negatives: Int32Array; deltas: Float32Array } {
  const all = joined(anchors);
  const { positive, negative, sample, positiveFraction } = proposals;
  const perPosition = ratios.length;
  const considered = anchorsInside(all, size, { conventions });
  const on = grids.flatMap((grid) => [...anchorsOnPicture(grid.size, perPosition, grid.stride, size, { conventions })]);
  on.forEach((flag, n) => (considered[n]! &= flag));
  const assignment = { positive, negative, minimum: negative, lowQuality: true, considered, conventions };
  const assigned = assignBoxes(all, boxes, assignment);
  const random = new Random(seed, 'anchors', picture);
  const { positives, negatives } = sampleBoxes(assigned, { count: sample, positiveFraction, random });
  const truths = takeBoxes(
    boxes,
    positives.map((n) => assigned[n]!),
  );
  return { positives, negatives, deltas: encodeBoxes(takeBoxes(all, positives), truths, { conventions }) };
}

/** Proposals of one picture, and its ground truths, to train the second stage on. */
function secondStageOf(
  values: FirstStageValues,
  picture: number,
  size: Size,
  { boxes }: DetectionTarget,
  { conventions, settings, seed }: DecideOptions,
): { boxes: Boxes; truths: Int32Array } {
  const { threshold, before, after } = settings.proposals;
  const { overlap, sample, positiveFraction, lowQuality } = settings.boxes;
  const proposals = selectProposals(levelsOfPicture(values, picture), {
    picture: size,
    training: true,
    threshold,
    before: before.train,
    after: after.train,
    conventions,
  });
  const all = joined([boxes, proposals.boxes]);
  const assignment = { positive: overlap, negative: overlap, minimum: overlap, lowQuality, conventions };
  const assigned = assignBoxes(all, boxes, assignment);
  // Two truths in the same place would otherwise both be the first.
  for (let n = 0; n < boxes.length / 4; n++) assigned[n] = n;
  const random = new Random(seed, 'boxes', picture);
  const { positives, negatives } = sampleBoxes(assigned, { count: sample, positiveFraction, random });
  const chosen = Int32Array.of(...positives, ...negatives);
  return { boxes: takeBoxes(all, chosen), truths: chosen.map((n) => assigned[n]!) };
}

/** What the heads should say of the sampled boxes. */
function secondStageTargets(
  rois: Rois,
  truths: readonly number[],
  targets: readonly DetectionTarget[],
  pictures: readonly PictureGeometry[],
  { classes, conventions, settings, masks }: DecideOptions,
): Omit<Decisions, 'anchors'> {
  const first = conventionsOf(conventions).background === 'first' ? 1 : 0;
  const targetOf = (n: number) => targets[rois.pictures[n]!]!;
  const isPositive = (truth: number) => truth !== BACKGROUND;
  const labels = Int32Array.from(truths, (truth, n) =>
    isPositive(truth) ? targetOf(n).labels[truth]! + first : first === 1 ? 0 : classes,
  );
  const indices = Int32Array.from([...truths.keys()].filter((n) => isPositive(truths[n]!)));
  const own = takeRois(rois, [...indices]);
  const matched = joined([...indices].map((n) => targetOf(n).boxes.subarray(4 * truths[n]!, 4 * truths[n]! + 4)));
  const coder = { conventions, deviations: SECOND_STAGE_DEVIATIONS };
  const result: Omit<Decisions, 'anchors'> = {
    rois,
    labels,
    positives: { indices, outputs: indices.map((n) => labels[n]!), deltas: encodeBoxes(own.boxes, matched, coder) },
  };
  if (masks) {
    const bitmaps = [...indices].map((n) => {
      const { height, width } = pictures[rois.pictures[n]!]!;
      return { size: [height, width] as const, pixels: targetOf(n).masks![truths[n]!]! };
    });
    const each = Int32Array.from(bitmaps.keys());
    result.masks = maskTargets(bitmaps, each, own.boxes, { resolution: 2 * settings.masks.size, conventions });
  }
  return result;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
