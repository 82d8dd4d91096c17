import { Random } from '@covpool/base';
import { BatchNorm, Conv2d, Linear, pooling, withSeed } from '@covpool/core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import type { BatchSource, ShardBatch } from './batch-source.ts';

/** A small network with every kind of state: convolution, batch normalisation, a reduction below a pooling. */
export function smallNet(seed = 1): LayersModel {
  return withSeed(seed, () => {
    const net = sequential();
    net.add(new Conv2d({ name: 'conv1', filters: 6, kernelSize: 3, inputShape: [8, 8, 3] }));
    net.add(new BatchNorm({ name: 'bn1' }));
    net.add(layers.reLU({ name: 'relu' }));
    net.add(pooling('gap', { name: 'pool', dim: 8 }));
    net.add(new Linear({ name: 'fc', units: 3 }));
    return net;
  });
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
