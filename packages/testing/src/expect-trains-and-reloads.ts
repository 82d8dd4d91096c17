import { Linear, withSeed } from '@covpool/core';
import { memory, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { type layers, sequential } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { expectClose } from './expect-close.ts';
import { expectNoLeak } from './expect-no-leak.ts';
import { reloaded } from './saved.ts';
import { seededTensor } from './seeded-tensor.ts';

/**
 * Expects of layers that end in [B,F] what users of TensorFlow.js do with them: in a `sequential` model before a classifier,
 * a training step changes what is predicted, nothing leaks, and the saved and reloaded model predicts the same.
 *
 * @param inputShape without the batch
 */
export async function expectTrainsAndReloads(create: () => layers.Layer[], inputShape: number[]): Promise<void> {
  const before = memory().numTensors;
  const model = withSeed(1, () => sequential({ layers: [...create(), new Linear({ name: 'fc', units: 3 })] }));
  model.build([null, ...inputShape]);
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const [x, target] = [seededTensor([4, ...inputShape], 'trains'), zeros([4, 3])];
  const predicted = async (net: { predict: (x: Tensor) => Tensor | Tensor[] }): Promise<number[]> => {
    const y = net.predict(x) as Tensor;
    const values = [...(await y.data())];
    y.dispose();
    return values;
  };

  const untrained = await predicted(model);
  const loss = (await model.trainOnBatch(x, target)) as number;
  expect(loss).toBeGreaterThan(0);
  const trained = await predicted(model);
  expect(trained).not.toEqual(untrained);
  expect(trained.every(Number.isFinite)).toBe(true);
  await expectNoLeak(() => model.trainOnBatch(x, target));
  const expected = await predicted(model);

  const again = await reloaded(model);
  await expectClose(await predicted(again), expected, { relative: 0 });

  for (const used of [model, again, x, target]) used.dispose();
  // What remains belongs to the optimiser of TensorFlow.js.
  expect(memory().numTensors - before).toBeLessThanOrEqual(1);
}
