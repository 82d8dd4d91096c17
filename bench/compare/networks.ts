import { createModel, schedule, sgd, train, type BatchSource, type Communicator } from 'covpool';
import { seededTensor, seededValues } from '@covpool/testing';
import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { NetworkCase } from './cases.ts';

const CLASSES = 1000;

const model = ({ network, pool }: NetworkCase): ReturnType<typeof createModel> =>
  createModel(network, { pooling: pool === 'gap' ? 'gap' : { name: pool, dim: 256 }, classes: CLASSES });

/** Logits of a batch. */
export function forwardWork(work: NetworkCase): () => Tensor {
  const net = model(work);
  const pictures = seededTensor([work.batch, work.side, work.side, 3], 'pictures');
  return () => tidy(() => net.apply(pictures, { training: false }) as Tensor);
}

/** The same batch over and over, cut into as many shards as are asked for. */
function repeated({ batch, side }: NetworkCase): (steps: number) => BatchSource {
  const images = Float32Array.from(seededValues(batch * side * side * 3, 'pictures'));
  const labels = Int32Array.from({ length: batch }, (_, i) => i % CLASSES);
  return (steps) => ({
    stepsPerEpoch: steps,
    async *batches(_, { shards, own }) {
      const each = batch / shards;
      const parts = own.map((shard) => ({
        shard,
        images: images.subarray(shard * each * side * side * 3, (shard + 1) * each * side * side * 3),
        shape: [each, side, side, 3] as [number, number, number, number],
        labels: labels.subarray(shard * each, (shard + 1) * each),
        indices: labels.subarray(shard * each, (shard + 1) * each),
        batchSize: batch,
      }));
      for (let step = 0; step < steps; step++) yield parts;
    },
  });
}

/** Training steps of one network, kept from call to call: wall times of each, in milliseconds. */
export function stepWork(work: NetworkCase, communicator: Communicator): (steps: number) => Promise<number[]> {
  const net = model(work);
  const source = repeated(work);
  const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 });
  return async (steps) => {
    const times: number[] = [];
    let last = performance.now();
    await train({
      model: net,
      optimizer,
      schedule: schedule({ name: 'constant', base: 1e-3 }),
      source: source(steps),
      epochs: 1,
      shards: communicator.size,
      communicator,
      onStep() {
        const now = performance.now();
        times.push(now - last);
        last = now;
      },
    });
    return times;
  };
}
