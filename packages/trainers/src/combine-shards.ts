import type { Communicator, ShardVector } from '@covpool/base';
import { dispose, tensor, type Tensor } from '@tensorflow/tfjs-core';
import type { ShardResult } from './shard-gradients.ts';

/** Loss, hits and the wish to stop stand before what differs from model to model. */
const HEAD = 3;

/** A whole batch's step, all shards together. */
export interface StepResult {
  loss: number;
  hits: number;
  /** Summed over the shards. */
  terms: Record<string, number>;
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
  const own = results.map((result) => vectorOf(result, stop));
  const total = await communicator.sumShards(own, shards);
  const names = Object.keys(results[0]!.terms);
  const shapes = [...results[0]!.gradients, ...results[0]!.updates.map(({ value }) => value)].map(({ shape }) => shape);
  for (const result of results) disposeResult(result);
  let position = HEAD + names.length;
  const parts = shapes.map((shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const values = total.subarray(position, position + size);
    position += size;
    return { shape, values };
  });
  const count = results[0]!.gradients.length;
  return {
    loss: total[0]!,
    hits: total[1]!,
    terms: Object.fromEntries(names.map((name, i) => [name, total[HEAD + i]!])),
    stop: total[2]! > 0,
    // A tensor may keep the array that it is made of, and the sum's may be shared: new ones.
    gradients: parts.slice(0, count).map(({ shape, values }) => tensor(values.slice(), shape)),
    statistics: parts.slice(count).map(({ shape, values }) =>
      tensor(
        values.map((value) => value / shards),
        shape,
      ),
    ),
  };
}

async function alone(result: ShardResult, stop: boolean): Promise<StepResult> {
  const { loss, hits, terms, gradients, updates } = result;
  const parts = await Promise.all([loss, hits, ...Object.values(terms)].map((part) => part.data()));
  const [lossValue, hitCount, ...values] = parts.map((data) => data[0]!);
  dispose([loss, hits, ...Object.values(terms)]);
  const named = Object.fromEntries(Object.keys(terms).map((name, i) => [name, values[i]!]));
  const statistics = updates.map(({ value }) => value);
  return { loss: lossValue!, hits: hitCount!, terms: named, gradients, statistics, stop };
}

/**
 * Loss, hits, wish to stop, terms, gradients, statistics, end to end: each is read when its turn comes, so that one copy is there at a
 * time.
 */
function vectorOf(result: ShardResult, stop: boolean): ShardVector {
  const tail = tailOf(result);
  const read = async (part: Tensor): Promise<Float32Array> => (await part.data()) as Float32Array;
  async function* parts(): AsyncGenerator<Float32Array> {
    yield await read(result.loss);
    yield await read(result.hits);
    yield Float32Array.of(stop ? 1 : 0);
    for (const part of tail) yield await read(part);
  }
  return { index: result.shard, length: HEAD + tail.reduce((total, { size }) => total + size, 0), parts: parts() };
}

const disposeResult = (result: ShardResult): void => dispose([result.loss, result.hits, ...tailOf(result)]);

const tailOf = ({ terms, gradients, updates }: ShardResult): Tensor[] => [
  ...Object.values(terms),
  ...gradients,
  ...updates.map(({ value }) => value),
];
