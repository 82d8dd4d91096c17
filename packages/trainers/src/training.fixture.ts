import { type Communicator, Random, type ShardVector, soloCommunicator } from '@covpool/base';
import { exportState } from '@covpool/checkpoints';
import { BatchNorm, Conv2d, globalAveragePooling, Linear, PoolingLayer, withSeed } from '@covpool/core';
import { max, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import type { BatchSource, ShardBatch } from './batch-source.ts';

/** A pooling with the weights of global average pooling and another result. */
class MaximumPooling extends PoolingLayer {
  static className = 'covpool/trainers/MaximumPooling';

  protected override descriptorLength(channels: number): number {
    return channels;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return max(features, 1);
  }
}

/** A small network with every kind of state: convolution, batch normalisation, a reduction below a pooling. */
export function smallNet(seed = 1, head: 'mean' | 'max' = 'mean', dim = 8): LayersModel {
  return withSeed(seed, () => {
    const net = sequential();
    net.add(new Conv2d({ name: 'conv1', filters: 6, kernelSize: 3, inputShape: [8, 8, 3] }));
    net.add(new BatchNorm({ name: 'bn1' }));
    net.add(layers.reLU({ name: 'relu' }));
    net.add(head === 'mean' ? globalAveragePooling({ name: 'pool', dim }) : new MaximumPooling({ name: 'pool', dim }));
    net.add(new Linear({ name: 'fc', units: 3 }));
    return net;
  });
}

/** The bytes of every weight, by name. */
export async function weightsOf(model: LayersModel): Promise<Record<string, string>> {
  const state = await exportState(model);
  return Object.fromEntries([...state].map(([name, { data }]) => [name, Buffer.from(data).toString('hex')]));
}

/** Two ranks in one thread that take turns. */
export function pairOfRanks(): Communicator[] {
  let waiting: { own: ShardVector[]; resolve: (sum: Float32Array) => void } | undefined;
  return [0, 1].map((rank) => ({
    rank,
    size: 2,
    sumShards: (own, shards) =>
      new Promise((resolve) => {
        if (!waiting) waiting = { own, resolve };
        else {
          const first = waiting;
          waiting = undefined;
          void soloCommunicator.sumShards([...first.own, ...own], shards).then((sum) => {
            first.resolve(sum.slice());
            resolve(sum);
          });
        }
      }),
    broadcast: async () => {},
    barrier: async () => {},
  }));
}

const SIZE = 8;

/** Three classes of noise that differ in their stripes. */
export function stripes({ samples = 24, batchSize = 8 }: { samples?: number; batchSize?: number } = {}): BatchSource {
  const picture = (index: number): Float32Array => {
    const random = new Random('stripes', index);
    return Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
      const column = Math.floor(i / 3) % SIZE;
      return random.normal(0, 0.5) + Math.cos((column * Math.PI * ((index % 3) + 1)) / 4);
    });
  };
  return {
    stepsPerEpoch: Math.ceil(samples / batchSize),
    async *batches(epoch, { from, shards, own }) {
      const order = new Random('order', epoch).shuffle(Array.from({ length: samples }, (_, i) => i));
      for (let start = from * batchSize; start < samples; start += batchSize) {
        const batch = order.slice(start, start + batchSize);
        const part = Math.ceil(batch.length / shards);
        yield own.map((shard): ShardBatch => {
          const indices = batch.slice(shard * part, (shard + 1) * part);
          const images = new Float32Array(indices.length * SIZE * SIZE * 3);
          for (const [i, index] of indices.entries()) images.set(picture(index), i * SIZE * SIZE * 3);
          return {
            shard,
            images,
            shape: [indices.length, SIZE, SIZE, 3],
            labels: Int32Array.from(indices, (index) => index % 3),
            indices: Int32Array.from(indices),
            batchSize: batch.length,
          };
        });
      }
    },
  };
}
