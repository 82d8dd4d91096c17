import {
  add,
  gather,
  reshape,
  type Scalar,
  scalar,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { type ConventionsName, conventionsOf } from './conventions.ts';
import type { Decisions } from './decide.ts';
import type { DetectorNetwork, FirstStage } from './detector-network.ts';
import { sigmoidCrossEntropyLoss, smoothL1Loss, softmaxCrossEntropyLoss } from './losses.ts';
import { deltasOfClass, mapsOfClass } from './of-class.ts';
import { poolRois, takeRois } from './pool-rois.ts';
import type { DetectorSettings } from './settings.ts';

/** The parts of a detector's loss, all of weight 1; `mask` with a mask head only. */
export interface DetectorLosses {
  /** Objectness of the sampled anchors: binary cross-entropy, their mean. */
  rpnClass: Scalar;
  /** Deltas of the anchors with a ground truth, divided by the number of all sampled. */
  rpnBox: Scalar;
  /** Classes of the sampled boxes: cross-entropy, their mean. */
  class: Scalar;
  /** Deltas of the boxes with a ground truth, divided by the number of all sampled. */
  box: Scalar;
  /** Masks of the boxes with a ground truth: binary cross-entropy, the mean over their pixels. */
  mask?: Scalar;
}

/** Their sum. */
export const totalLoss = (losses: DetectorLosses): Scalar =>
  tidy(() => (Object.values(losses) as Scalar[]).reduce((total, loss) => add(total, loss)));

export interface LossSettings {
  conventions: ConventionsName;
  settings: DetectorSettings;
}

/** The losses of both stages on what was decided. */
export function lossesOf(
  network: DetectorNetwork,
  stage: FirstStage,
  decisions: Decisions,
  { conventions, settings }: LossSettings,
): DetectorLosses {
  const { beta } = conventionsOf(conventions);
  const losses: DetectorLosses = {
    ...anchorLosses(stage, decisions, beta.proposals),
    ...boxLosses(network, stage, decisions, { conventions, settings }),
  };
  if (decisions.masks) losses.mask = maskLoss(network, stage, decisions, decisions.masks, { conventions, settings });
  return losses;
}

function anchorLosses({ logits, deltas }: FirstStage, { anchors }: Decisions, beta: number) {
  const { positives, negatives } = anchors;
  const sampled = Int32Array.of(...positives, ...negatives);
  if (sampled.length === 0) return { rpnClass: scalar(0), rpnBox: scalar(0) };
  const objectness = new Float32Array(sampled.length).fill(1, 0, positives.length);
  const chosen = gather(reshape(logits, [-1]), tensor1d(sampled, 'int32'));
  const rpnClass = sigmoidCrossEntropyLoss(chosen, objectness);
  if (positives.length === 0) return { rpnClass, rpnBox: scalar(0) };
  const rows = gather(reshape(deltas, [-1, 4]), tensor1d(positives, 'int32'));
  return { rpnClass, rpnBox: smoothL1Loss(rows, anchors.deltas, { beta, normaliser: sampled.length }) };
}

function boxLosses(
  network: DetectorNetwork,
  { pyramid }: FirstStage,
  { rois, labels, positives }: Decisions,
  { conventions, settings }: LossSettings,
) {
  if (labels.length === 0) return { class: scalar(0), box: scalar(0) };
  const pooled = poolRois(pyramid, rois, settings.boxes.size, { strides: network.pooledStrides, conventions });
  const { logits, deltas } = network.secondStage(pooled);
  const classLoss = softmaxCrossEntropyLoss(logits, labels);
  if (positives.indices.length === 0) return { class: classLoss, box: scalar(0) };
  const rows: Tensor2D = gather(deltas, tensor1d(positives.indices, 'int32'));
  const own = deltasOfClass(rows, positives.outputs);
  const { beta } = conventionsOf(conventions);
  const box = smoothL1Loss(own, positives.deltas, { beta: beta.boxes, normaliser: labels.length });
  return { class: classLoss, box };
}

function maskLoss(
  network: DetectorNetwork,
  { pyramid }: FirstStage,
  { rois, positives: { indices, outputs } }: Decisions,
  targets: Float32Array,
  { conventions, settings }: LossSettings,
): Scalar {
  if (indices.length === 0) return scalar(0);
  const own = takeRois(rois, [...indices]);
  const strides = network.pooledStrides;
  const pooled = poolRois(pyramid as Tensor4D[], own, settings.masks.size, { strides, conventions });
  return sigmoidCrossEntropyLoss(mapsOfClass(network.maskLogits(pooled), outputs), targets);
}
