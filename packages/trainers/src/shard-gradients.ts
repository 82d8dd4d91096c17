import { checkArgument } from '@covpool/base';
import { modelState, type StateEntry, type StatisticUpdate, withTrainingScope } from '@covpool/core';
import {
  argMax,
  cast,
  equal,
  keep,
  type Scalar,
  sum,
  type Tensor,
  tensor1d,
  type Tensor2D,
  tensor4d,
  tidy,
  type Variable,
  variableGrads,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ShardBatch } from './batch-source.ts';
import { crossEntropy } from './cross-entropy.ts';

/** What one shard of a batch contributes to a step. All tensors are the receiver's. */
export interface ShardResult {
  shard: number;
  /** The shard's part of the batch's mean loss. */
  loss: Tensor;
  /** How many of its samples are classified rightly. */
  hits: Tensor;
  /** In the order of the parameters. */
  gradients: Tensor[];
  updates: StatisticUpdate[];
}

/** The weights of a model that are trained. */
export function trainableState(model: LayersModel): StateEntry[] {
  const trained = new Set(model.trainableWeights.map(({ id }) => id));
  return modelState(model).filter(({ variable }) => trained.has(variable.id));
}

function checkLabels(labels: Int32Array, classes: number): void {
  const wrong = labels.find((label) => label < 0 || label >= classes);
  checkArgument(wrong === undefined, () => `train: labels must be from 0 to ${classes - 1}, got ${wrong}`);
}

/** Forward and backward through one shard of a batch. */
export function shardGradients(
  model: LayersModel,
  parameters: StateEntry[],
  batch: ShardBatch,
  { seed, step, labelSmoothing }: { seed: number; step: number; labelSmoothing: number },
): ShardResult {
  checkLabels(batch.labels, model.outputs[0]!.shape.at(-1)!);
  const updates: StatisticUpdate[] = [];
  const variables = parameters.map(({ variable }) => variable.read() as Variable);
  let hits: Tensor | undefined;
  const images = tensor4d(batch.images, batch.shape);
  const labels = tensor1d(batch.labels, 'int32');
  const { value, grads } = variableGrads(() => {
    const scope = { seed, step, shard: batch.shard, updates };
    const logits = withTrainingScope(scope, () => model.apply(images, { training: true })) as Tensor2D;
    hits = keep(tidy(() => sum(cast(equal(argMax(logits, 1), labels), 'float32'))));
    return crossEntropy(logits, labels, { count: batch.batchSize, labelSmoothing }) as Scalar;
  }, variables);
  images.dispose();
  labels.dispose();
  const gradients = variables.map((variable) => grads[variable.name] ?? zerosLike(variable));
  return { shard: batch.shard, loss: value, hits: hits!, gradients, updates };
}
