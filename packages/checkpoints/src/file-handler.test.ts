import { pooling } from '@covpool/core';
import { describeEngines, expectClose, expectCovpoolError, seededTensor } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { fill, type Tensor } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { registerFileHandler } from './file-handler.ts';

const at = temporaryFolder({ each: true });
beforeEach(async () => {
  registerFileHandler();
});

describeEngines('file://', () => {
  it('saves a model with our layers among the stock ones, and loads the same model', async () => {
    const net = sequential();
    net.add(layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 3] }));
    net.add(pooling('gap', { dim: 3, name: 'pool' }));
    net.add(layers.dense({ units: 2 }));
    await net.save(`file://${at()}/net`);
    expect((await readdir(at('net'))).sort()).toEqual([
      'model.json',
      expect.stringMatching(/^weights-[0-9a-f]{16}\.bin$/),
    ]);
    const same = await loadLayersModel(`file://${at()}/net/model.json`);
    const x = seededTensor([2, 6, 6, 3], 'x');
    await expectClose(same.predict(x) as Tensor, await (net.predict(x) as Tensor).data(), { relative: 0 });
  });

  /** A layer whose every weight is this number. */
  const constant = (value: number) => {
    const net = sequential();
    net.add(layers.dense({ units: 40, inputShape: [50] }));
    net.setWeights([fill([50, 40], value), fill([40], value)]);
    return net;
  };
  const values = async (net: LayersModel) => {
    const all = await Promise.all(net.getWeights().map((weight) => weight.data()));
    return [...new Set(all.flatMap((data) => [...data]))];
  };
  const loaded = () => loadLayersModel(`file://${at()}/model.json`);

  it('replaces a model in one step: without the new model.json the old model is there, whole', async () => {
    await constant(1).save(`file://${at()}`);
    const old = await readFile(at('model.json'));
    const [weights] = (await readdir(at())).filter((name) => name.endsWith('.bin'));
    const bytes = await readFile(at(weights!));
    await constant(2).save(`file://${at()}`);
    expect(await values(await loaded())).toEqual([2]);
    expect(await readdir(at())).toHaveLength(2);
    // As it is when the second save was interrupted before its model.json had its name.
    await writeFile(at(weights!), bytes);
    await writeFile(at('model.json'), old);
    expect(await readdir(at())).toHaveLength(3);
    expect(await values(await loaded())).toEqual([1]);
    await constant(3).save(`file://${at()}`);
    expect(await values(await loaded())).toEqual([3]);
  });

  it('is never read half old and half new', async () => {
    await constant(0).save(`file://${at()}`);
    const left = [1, 2, 3, 4, 5, 6];
    const saving = (async () => {
      while (left.length > 0) await constant(left.shift()!).save(`file://${at()}`);
    })();
    const seen: number[][] = [];
    while (left.length > 0) seen.push(await values(await loaded()));
    await saving;
    expect(seen.every((found) => found.length === 1)).toBe(true);
    expect(await values(await loaded())).toEqual([6]);
    expect(await readdir(at())).toHaveLength(2);
  });

  it('names a file that is not there or is not a model', async () => {
    await expectCovpoolError(() => loadLayersModel(`file://${at()}/model.json`), 'bad-input', /cannot read .*ENOENT/);
    await writeFile(at('model.json'), '{}');
    const attempt = () => loadLayersModel(`file://${at()}/model.json`);
    await expectCovpoolError(attempt, 'bad-input', /model\.json: a topology and a manifest/);
  });

  it('compares the weights with what the manifest says', async () => {
    const net = sequential();
    net.add(layers.dense({ units: 2, inputShape: [3] }));
    await net.save(`file://${at()}`);
    const weights = (await readdir(at())).find((name) => name.startsWith('weights-'))!;
    await writeFile(at(weights), new Uint8Array(31));
    const attempt = () => loadLayersModel(`file://${at()}/model.json`);
    await expectCovpoolError(attempt, 'bad-input', /the weights must have 32 bytes, got 31/);
  });
});
