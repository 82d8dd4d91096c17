import { Conv2d, Linear, pooling, withSeed } from '@covpool/core';
import { describeEngines, expectCovpoolError } from '@covpool/testing';
import { type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { loadTrunk } from './load-trunk.ts';
import { exportState, importState } from './model-tensors.ts';

const trunk = (seed: number, filters = 4): Sequential =>
  withSeed(seed, () => {
    const model = sequential();
    model.add(new Conv2d({ name: 'conv1', filters, kernelSize: 3, inputShape: [6, 6, 3] }));
    return model;
  });

const classifier = (seed: number): Sequential =>
  withSeed(seed, () => {
    const model = trunk(seed);
    model.add(pooling('gap', { name: 'pool', dim: 5 }));
    model.add(new Linear({ name: 'fc', units: 2 }));
    return model;
  });

describeEngines('loadTrunk', () => {
  it('takes the trunk of a classifier and says what it dropped', async () => {
    const state = await exportState(classifier(1));
    // As GCP_Optimization names them.
    const published = new Map(
      [...state].map(([name, data]) => [
        name.replace('pool.reduce.0.0.', 'layer_reduce.').replace('pool.reduce.0.1.', 'layer_reduce_bn.'),
        data,
      ]),
    );
    const target = trunk(2);
    const { problems } = loadTrunk(target, published);
    expect((await exportState(target)).get('conv1.weight')).toEqual(state.get('conv1.weight'));
    expect(problems.map(({ problem }) => problem)).toEqual(problems.map(() => 'unexpected'));
    expect(problems.map(({ name }) => name)).toEqual(expect.arrayContaining(['layer_reduce.weight', 'fc.bias']));
  });

  it('refuses what lacks a weight of the trunk or has it in another shape, and then changes nothing', async () => {
    const target = trunk(2);
    const before = (await exportState(target)).get('conv1.weight');
    await expectCovpoolError(
      async () => loadTrunk(target, new Map()),
      'bad-input',
      /1 weights missing \(conv1\.weight\)/,
    );
    const other = await exportState(trunk(1, 5));
    await expectCovpoolError(
      () => loadTrunk(target, other),
      'bad-input',
      /of another shape \(conv1\.weight \[5,3,3,3\]/,
    );
    expect((await exportState(target)).get('conv1.weight')).toEqual(before);
  });

  it('is less strict than importState, which wants a place for every weight', async () => {
    const state = await exportState(classifier(1));
    await expectCovpoolError(() => importState(trunk(2), state), 'bad-input', /weights unexpected/);
  });

  it('knows further names by the layouts it is given', async () => {
    const state = new Map([...(await exportState(trunk(1)))].map(([name, data]) => [`net.${name}`, data]));
    const layout = {
      name: 'prefixed',
      fits: (names: ReadonlySet<string>) => names.has('net.conv1.weight'),
      rename: (name: string) => name.replace('net.', ''),
    };
    const target = trunk(2);
    expect(importState(target, state, { layouts: [layout] }).layout).toBe('prefixed');
    expect((await exportState(target)).get('conv1.weight')).toEqual(state.get('net.conv1.weight'));
  });
});
