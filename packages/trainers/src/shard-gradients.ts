import { checkArgument } from '@covpool/base';
import { modelState, type StateEntry, type StatisticUpdate, withTrainingScope } from '@covpool/core';
import {
  argMax,
  cast,
  dispose,
  equal,
  keep,
  type Scalar,
  scalar,
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
import type { Shard, ShardBatch } from './batch-source.ts';
import { crossEntropy } from './cross-entropy.ts';

/** What is minimised, and what is watched beside it. */
export interface Measured {
  /** The shard's part of the batch's mean loss. */
  loss: Scalar;
  /** How many of its samples are classified rightly. */
  hits?: Tensor;
  /** Parts of the loss, or whatever else adds up over shards; the same names for every shard. */
  terms?: Record<string, Tensor>;
}

/**
 * What a training minimises. It prepares what needs no gradient, which may take asynchronous reads, and returns the function that is
 * differentiated: it runs once, in the training scope of (seed, step, shard), and all it uses must be on the engine by then.
 */
export type Objective<B extends Shard> = (
  model: LayersModel,
  batch: B,
  moment: { seed: number; step: number },
) => Promise<{ measure: () => Measured; dispose?: () => void }>;

/** What one shard of a batch contributes to a step. All tensors are the receiver's. */
export interface ShardResult {
  shard: number;
  loss: Tensor;
  hits: Tensor;
  terms: Record<string, Tensor>;
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

/** Cross-entropy of a classifier's logits: what `train` minimises if it is not told otherwise. */
export function classification({ labelSmoothing = 0 }: { labelSmoothing?: number } = {}): Objective<ShardBatch> {
  return async (model, batch) => {
    checkLabels(batch.labels, model.outputs[0]!.shape.at(-1)!);
    const images = tensor4d(batch.images, batch.shape);
    const labels = tensor1d(batch.labels, 'int32');
    return {
      measure() {
        const logits = model.apply(images, { training: true }) as Tensor2D;
        const hits = tidy(() => sum(cast(equal(argMax(logits, 1), labels), 'float32')));
        return { loss: crossEntropy(logits, labels, { count: batch.batchSize, labelSmoothing }) as Scalar, hits };
      },
      dispose: () => dispose([images, labels]),
    };
  };
}

/** Forward and backward through one shard of a batch. */
export async function shardGradients<B extends Shard>(
  model: LayersModel,
  parameters: StateEntry[],
  batch: B,
  { objective, seed, step }: { objective: Objective<B>; seed: number; step: number },
): Promise<ShardResult> {
  const updates: StatisticUpdate[] = [];
  const variables = parameters.map(({ variable }) => variable.read() as Variable);
  const prepared = await objective(model, batch, { seed, step });
  let hits: Tensor | undefined;
  const terms: Record<string, Tensor> = {};
  try {
    const { value, grads } = variableGrads(() => {
      const scope = { seed, step, shard: batch.shard, updates };
      const measured = withTrainingScope(scope, prepared.measure);
      hits = keep((measured.hits ?? scalar(0)).clone());
      for (const [name, term] of Object.entries(measured.terms ?? {})) terms[name] = keep(term.clone());
      return measured.loss;
    }, variables);
    const gradients = variables.map((variable) => grads[variable.name] ?? zerosLike(variable));
    return { shard: batch.shard, loss: value, hits: hits!, terms, gradients, updates };
  } finally {
    prepared.dispose?.();
  }
}
