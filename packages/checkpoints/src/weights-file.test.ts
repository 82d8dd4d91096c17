import { expectCovpoolError } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { copyFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readWeights } from './read-weights.ts';
import { writeSafetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';
import { expectedFiles, expectTensors, golden, goldenPath } from './torch-golden.fixture.ts';
import { loadWeights, saveWeights } from './weights-file.ts';

const at = temporaryFolder({ each: true });

describe('values', () => {
  it.each(['x.safetensors', 'x.safetensors.index.json', 'x.pth', 'x.pt', 'x.bin'])(
    'writes and reads %s',
    async (name) => {
      const path = at(name);
      await saveWeights(path, readWeights(golden('checkpoint.zip.pth')).tensors, { epoch: '3' });
      const { tensors, metadata } = await loadWeights(path);
      expectTensors(tensors, expectedFiles.checkpoint!);
      if (name.includes('safetensors')) expect(metadata).toMatchObject({ epoch: '3' });
    },
  );

  it.each(['checkpoint.zip.pth', 'checkpoint.legacy.pth'])(
    'goes by the content of %s, not by its name',
    async (name) => {
      const path = at('weights.tar');
      await copyFile(goldenPath(name), path);
      const { tensors, metadata } = await loadWeights(path);
      expectTensors(tensors, expectedFiles.checkpoint!);
      expect(metadata).toEqual({ epoch: '90', arch: 'resnet50' });
    },
  );

  it('tells a safetensors file whose length looks like a pickle', () => {
    const name = 'x'.repeat(0x0280 - '{"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'.length);
    const tensors = new Map<string, TensorData>([[name, { dtype: 'U8', shape: [0], data: new Uint8Array(0) }]]);
    const bytes = new Uint8Array(Buffer.concat(writeSafetensors(tensors)));
    expect([...bytes.subarray(0, 3)]).toEqual([0x80, 2, 0]);
    expect([...readWeights(bytes).tensors.keys()]).toEqual([name]);
  });

  it('finds the weights of a folder, safetensors first', async () => {
    await copyFile(goldenPath('types.legacy.pth'), at('pytorch_model.bin'));
    expectTensors((await loadWeights(at())).tensors, expectedFiles.types!);
    await saveWeights(at('model.safetensors.index.json'), readWeights(golden('plain.zip.pth')).tensors);
    expectTensors((await loadWeights(at())).tensors, expectedFiles.plain!);
    await saveWeights(at('model.safetensors'), readWeights(golden('layouts.zip.pth')).tensors);
    expectTensors((await loadWeights(at())).tensors, expectedFiles.layouts!);
  });
});

describe('rejects', () => {
  it('what is nowhere, or something else', async () => {
    await expectCovpoolError(() => loadWeights(at()), 'bad-input', /must have one of model\.safetensors/);
    await expectCovpoolError(() => loadWeights(at('x.pth')), 'bad-input', /cannot read .*x\.pth \(ENOENT\)/);
    await writeFile(at('x.pth'), 'just some text');
    await expectCovpoolError(() => loadWeights(at('x.pth')), 'bad-input', /x\.pth: weights: a safetensors or/);
    await writeFile(at('x.pth'), '');
    await expectCovpoolError(() => loadWeights(at('x.pth')), 'bad-input', /got neither/);
  });

  it('names that say no format', async () => {
    await expectCovpoolError(() => saveWeights(at('x.h5'), new Map()), 'bad-argument', /got .*x\.h5/);
  });
});
