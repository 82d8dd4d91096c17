import { pooling } from '@covpool/core';
import { describeEngines, expectClose, expectCovpoolError, seededTensor } from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { registerFileHandler } from './file-handler.ts';

let folder: string;
beforeEach(async () => {
  registerFileHandler();
  folder = await mkdtemp(join(tmpdir(), 'covpool-file-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describeEngines('file://', () => {
  it('saves a model with our layers among the stock ones, and loads the same model', async () => {
    const net = sequential();
    net.add(layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 3] }));
    net.add(pooling('gap', { dim: 3, name: 'pool' }));
    net.add(layers.dense({ units: 2 }));
    await net.save(`file://${folder}/net`);
    expect((await readdir(join(folder, 'net'))).sort()).toEqual(['model.json', 'weights.bin']);
    const same = await loadLayersModel(`file://${folder}/net/model.json`);
    const x = seededTensor([2, 6, 6, 3], 'x');
    await expectClose(same.predict(x) as Tensor, await (net.predict(x) as Tensor).data(), { relative: 0 });
  });

  it('names a file that is not there or is not a model', async () => {
    await expectCovpoolError(() => loadLayersModel(`file://${folder}/model.json`), 'bad-input', /cannot read .*ENOENT/);
    await writeFile(join(folder, 'model.json'), '{}');
    const attempt = () => loadLayersModel(`file://${folder}/model.json`);
    await expectCovpoolError(attempt, 'bad-input', /model\.json: a topology and a manifest/);
  });

  it('compares the weights with what the manifest says', async () => {
    const net = sequential();
    net.add(layers.dense({ units: 2, inputShape: [3] }));
    await net.save(`file://${folder}`);
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(31));
    const attempt = () => loadLayersModel(`file://${folder}/model.json`);
    await expectCovpoolError(attempt, 'bad-input', /the weights must have 32 bytes, got 31/);
  });
});
