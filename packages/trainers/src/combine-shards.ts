import type { Communicator } from '@covpool/base';
import { dispose, tensor, type Tensor } from '@tensorflow/tfjs-core';
import type { ShardResult } from './shard-gradients.ts';

/** A whole batch's step, all shards together. */
export interface StepResult {
  loss: number;
  hits: number;
  /** Summed over the shards; the receiver's. */
  gradients: Tensor[];
  /** Batch statistics, averaged over the shards; the receiver's. */
  statistics: Tensor[];
  /** Whether any rank wants to stop. */
  stop: boolean;
}

/**
 * Adds up what the shards of a batch contribute, in the order of the shards whoever computed them, so that the number of
 * ranks changes no bit. A batch of one shard on one rank stays on the engine but for its loss.
 */
export async function combineShards(
  results: ShardResult[],
  shards: number,
  communicator: Communicator,
  stop: boolean,
): Promise<StepResult> {
  if (shards === 1 && communicator.size === 1) return alone(results[0]!, stop);
  const own = [];
  for (const result of results) own.push({ index: result.shard, data: await vectorOf(result, stop) });
  const total = await communicator.sumShards(own, shards);
  const shapes = [...results[0]!.gradients, ...results[0]!.updates.map(({ value }) => value)].map(({ shape }) => shape);
  for (const result of results) disposeResult(result);
  let position = 3;
  const tensors = shapes.map((shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const values = total.slice(position, position + size);
    position += size;
    return { shape, values };
  });
  const count = results[0]!.gradients.length;
  return {
    loss: total[0]!,
    hits: total[1]!,
    stop: total[2]! > 0,
    gradients: tensors.slice(0, count).map(({ shape, values }) => tensor(values, shape)),
    statistics: tensors.slice(count).map(({ shape, values }) =>
      tensor(
        values.map((value) => value / shards),
        shape,
      ),
    ),
  };
}

async function alone({ loss, hits, gradients, updates }: ShardResult, stop: boolean): Promise<StepResult> {
  const [lossValue, hitCount] = await Promise.all([loss.data(), hits.data()]);
  dispose([loss, hits]);
  const statistics = updates.map(({ value }) => value);
  return { loss: lossValue[0]!, hits: hitCount[0]!, gradients, statistics, stop };
}

/** Loss, hits, wish to stop, gradients, statistics, end to end. */
async function vectorOf({ loss, hits, gradients, updates }: ShardResult, stop: boolean): Promise<Float32Array> {
  const tensors = [...gradients, ...updates.map(({ value }) => value)];
  const parts = await Promise.all([loss, hits, ...tensors].map((part) => part.data()));
  const vector = new Float32Array(3 + tensors.reduce((total, { size }) => total + size, 0));
  vector[0] = parts[0]![0]!;
  vector[1] = parts[1]![0]!;
  vector[2] = stop ? 1 : 0;
  let position = 3;
  for (const part of parts.slice(2)) {
    vector.set(part as Float32Array, position);
    position += part.length;
  }
  return vector;
}

function disposeResult({ loss, hits, gradients, updates }: ShardResult): void {
  dispose([loss, hits, ...gradients, ...updates.map(({ value }) => value)]);
}
