import { Conv2d, Linear, pooling, withSeed } from '@covpool/core';
import { describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import type { Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { readdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { exportState, importState } from './model-tensors.ts';
import { loadSafetensors, saveSafetensors } from './safetensors-file.ts';
import { toFloat32 } from './tensor-data.ts';

const at = temporaryFolder({ each: true });

const net = (seed: number, classes = 2): LayersModel =>
  withSeed(seed, () => {
    const model = sequential();
    model.add(new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, inputShape: [6, 6, 3] }));
    model.add(pooling('gap', { name: 'pool', dim: 5 }));
    model.add(new Linear({ name: 'fc', units: classes }));
    return model;
  });

describeEngines('exportState and importState', () => {
  it('write weights in the layouts of PyTorch', async () => {
    const model = net(1);
    const state = await exportState(model);
    expect(state.get('conv1.weight')!.shape).toEqual([4, 3, 3, 3]);
    expect(state.get('fc.weight')!.shape).toEqual([2, 5]);
    const ours = await model.getLayer('fc').getWeights()[0]!.data();
    const theirs = toFloat32(state.get('fc.weight')!);
    expect(theirs[1 * 5 + 3]).toBe(ours[3 * 2 + 1]);
  });

  it('make another model compute the same, through a file', async () => {
    const path = at('model.safetensors');
    const [from, to] = [net(1), net(2)];
    const state = await exportState(from);
    state.set('pool.reduce.0.1.num_batches_tracked', { dtype: 'I64', shape: [], data: new Uint8Array(8) });
    await saveSafetensors(path, state, { note: 'x' });
    expect(await readdir(at())).toEqual(['model.safetensors']);
    importState(to, (await loadSafetensors(path)).tensors);
    const x = seededTensor([2, 6, 6, 3], 'x');
    await expectClose(to.predict(x) as Tensor, await (from.predict(x) as Tensor).data(), { relative: 0 });
  });

  it('refuse a checkpoint of another model by name and shape, and change nothing', async () => {
    const [from, to] = [await exportState(net(1, 3)), net(2)];
    from.set('extra', from.get('fc.bias')!);
    from.delete('conv1.weight');
    const before = await exportState(to);
    expect(() => importState(to, from)).toThrow(
      /1 weights missing \(conv1.weight\); 1 weights unexpected \(extra\); 2 weights of another shape \(fc.weight \[3,5\] for \[2,5\]/,
    );
    expect(await exportState(to)).toEqual(before);
  });

  it('leak nothing', async () => {
    const model = net(1);
    const state = await exportState(model);
    await expectNoLeak(() => exportState(model));
    await expectNoLeak(() => importState(model, state));
  });
});

describe('loadSafetensors', () => {
  it('names the file that is not there or is not one', async () => {
    await expect(loadSafetensors('/nowhere/x.safetensors')).rejects.toThrow(
      'cannot read /nowhere/x.safetensors (ENOENT)',
    );
    const path = at('text.safetensors');
    await writeFile(path, 'just some text');
    await expect(loadSafetensors(path)).rejects.toThrow(`${path}: safetensors:`);
  });
});
