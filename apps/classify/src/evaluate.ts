import type { Communicator } from '@covpool/base';
import { createLoader, type Dataset } from '@covpool/datasets';
import { ConfusionMatrix, type ConfusionMatrixJson, predictedClasses, topK } from '@covpool/metrics';
import { predictAll, type Predictions } from '@covpool/trainers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { batchSource } from './batch-source.ts';
import { evaluationTransforms, type InputRecipe } from './input.ts';
import { softmax } from './ranked.ts';

/** How well a network does; shares in 0…1. */
export interface Scores {
  samples: number;
  /** Mean cross-entropy in nats. */
  loss: number;
  top1: number;
  /** Absent with fewer than six classes, where it would say nothing. */
  top5?: number;
  /** Every class weighs the same, however rare. */
  meanClassAccuracy: number;
  confusion: ConfusionMatrixJson;
}

const EVALUATION_BATCH = 64;

/** A network's answers to a data set; the ranks share the work and each gets them all. */
export async function answers(
  model: LayersModel,
  dataset: Dataset,
  input: InputRecipe,
  { communicator, onStep }: { communicator?: Communicator; onStep?: (step: number, steps: number) => void } = {},
): Promise<Predictions> {
  const loader = createLoader(dataset, {
    batchSize: EVALUATION_BATCH,
    transforms: evaluationTransforms(input),
    mean: input.mean,
    std: input.std,
  });
  try {
    return await predictAll({
      model,
      source: batchSource(loader),
      samples: dataset.length,
      communicator,
      onStep: (step) => onStep?.(step, loader.batches),
    });
  } finally {
    await loader.close();
  }
}

/** Scores of answers. */
export function score({ logits, labels, classes }: Predictions): Scores {
  const confusion = new ConfusionMatrix(classes);
  const predicted = predictedClasses(logits, classes);
  for (const [i, label] of labels.entries()) confusion.add(label, predicted[i]!);
  return {
    samples: labels.length,
    loss: meanLoss(logits, labels, classes),
    top1: confusion.accuracy,
    ...(classes > 5 ? { top5: topK(logits, labels, classes, 5) / labels.length } : {}),
    meanClassAccuracy: confusion.meanClassAccuracy,
    confusion: confusion.toJSON(),
  };
}

function meanLoss(logits: Float32Array, labels: Int32Array, classes: number): number {
  let sum = 0;
  for (const [i, label] of labels.entries()) {
    sum -= Math.log(softmax(logits.subarray(i * classes, (i + 1) * classes))[label]!);
  }
  return sum / labels.length;
}

/** A share as per cent for people. */
export function percent(share: number): string {
  return Number.isFinite(share) ? (100 * share).toFixed(1) : '–';
}
