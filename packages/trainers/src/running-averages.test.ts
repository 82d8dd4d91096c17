import { BatchNorm, type StateEntry, modelState } from '@covpool/core';
import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import { tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { moveAverages } from './running-averages.ts';

/** The running mean, zeros at first, and the running variance, ones at first, of so many channels. */
function averages(channels: number): [mean: StateEntry, variance: StateEntry] {
  const layer = new BatchNorm({ name: `bn${channels}` });
  layer.build([null, channels]);
  return modelState(layer).filter(({ name }) => name.includes('running')) as [StateEntry, StateEntry];
}

const valuesOf = async ({ variable }: StateEntry): Promise<number[]> => [...(await variable.read().data())];

describeEngines('moveAverages', () => {
  it('moves each by its own momentum, whatever their sizes', async () => {
    const [[mean, variance], [other]] = [averages(2), averages(3)];
    moveAverages([
      { variable: mean.variable, momentum: 0.1, value: tensor([1, 2]) },
      { variable: variance.variable, momentum: 0.5, value: tensor([3, 5]) },
      { variable: other.variable, momentum: 0.1, value: tensor([-1, -2, -3]) },
    ]);
    await expectClose(tensor(await valuesOf(mean)), [0.1, 0.2]);
    await expectClose(tensor(await valuesOf(variance)), [2, 3]);
    await expectClose(tensor(await valuesOf(other)), [-0.1, -0.2, -0.3]);
  });

  it('moves one that a layer met twice first by the first value, then by the second', async () => {
    const [mean] = averages(1);
    moveAverages([
      { variable: mean.variable, momentum: 0.5, value: tensor([4]) },
      { variable: mean.variable, momentum: 0.5, value: tensor([8]) },
    ]);
    expect(await valuesOf(mean)).toEqual([5]);
  });

  it('leaves nothing but the averages', async () => {
    const [mean, variance] = averages(4);
    const values = [tensor([1, 2, 3, 4]), tensor([1, 1, 1, 1])];
    await expectNoLeak(() =>
      moveAverages([mean, variance].map(({ variable }, i) => ({ variable, momentum: 0.1, value: values[i]! }))),
    );
  });
});
