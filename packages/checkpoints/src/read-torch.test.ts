import { CovpoolError } from '@covpool/base';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { readTorch } from './read-torch.ts';
import { loadTorch } from './torch-file.ts';
import { expectedFiles, expectTensors, golden, goldenPath } from './torch-golden.fixture.ts';

const at = temporaryFolder({ each: true });

const containers = ['zip', 'legacy'];

describe.each(containers)('values (%s)', (container) => {
  it('has every type of element, with halves as float32', () => {
    expectTensors(readTorch(golden(`types.${container}.pth`)).tensors, expectedFiles.types!);
  });

  it('has every layout: shared storages, offsets, strides, parameters, scalars, nothing', () => {
    const { tensors } = readTorch(golden(`layouts.${container}.pth`));
    expectTensors(tensors, expectedFiles.layouts!);
  });

  it('finds the state dict of a checkpoint of data-parallel training (spec backbones 6.2)', () => {
    const file = readTorch(golden(`checkpoint.${container}.pth`));
    expectTensors(file.tensors, expectedFiles.checkpoint!);
    expect(file.path).toBe('state_dict');
    expect(file.metadata).toEqual({ epoch: '90', arch: 'resnet50' });
  });

  it('reads the same from a file in pieces', async () => {
    for (const name of ['types', 'layouts', 'checkpoint']) {
      const path = goldenPath(`${name}.${container}.pth`);
      expect(await loadTorch(path)).toEqual(readTorch(golden(`${name}.${container}.pth`)));
    }
  });
});

describe('values', () => {
  it.each(['protocol3', 'protocol4', 'protocol5', 'plain', 'big-endian', 'zip64'])('reads %s', (name) => {
    const file = readTorch(golden(`${name}.zip.pth`));
    expectTensors(file.tensors, expectedFiles.plain!);
    expect([file.path, file.metadata]).toEqual(['model', { note: 'ünïcode' }]);
  });

  it('shares the bytes of the file where tensors lie in one piece', () => {
    const bytes = golden('layouts.zip.pth');
    const { tensors } = readTorch(bytes);
    for (const name of ['whole', 'view', 'row', 'parameter']) expect(tensors.get(name)!.data.buffer).toBe(bytes.buffer);
    expect(tensors.get('row')!.data.byteOffset - tensors.get('whole')!.data.byteOffset).toBe(4 * 16);
  });
});

describe('rejects', () => {
  it.each(containers)('a file that would run a command, and runs nothing (%s)', async (container) => {
    const bytes = golden(`refused-attack.${container}.pth`);
    expect(Buffer.from(bytes).includes('touch /tmp/covpool-was-attacked')).toBe(true);
    expect(() => readTorch(bytes)).toThrow(/got "posix\.system"; nothing of it was run/);
    await expect(loadTorch(goldenPath(`refused-attack.${container}.pth`))).rejects.toThrow(/got "posix\.system"/);
    expect(existsSync('/tmp/covpool-was-attacked')).toBe(false);
  });

  it.each([
    ['refused-model.zip.pth', /got "torch\.nn\.modules\.container\.Sequential"/],
    ['refused-model.legacy.pth', /Sequential/],
    ['refused-namespace.zip.pth', /got "argparse\.Namespace"/],
    ['refused-complex.zip.pth', /got "torch\.ComplexFloatStorage"/],
    ['refused-complex.legacy.pth', /got "torch\.ComplexFloatStorage"/],
    ['refused-list.zip.pth', /a state dict is required, got a list/],
    ['refused-pickle.pth', /a pickle of torch\.save is required/],
    ['refused-script.pth', /TorchScript/],
    ['refused-deflated.pth', /compressed/],
    ['expected.json', /a file of torch\.save is required/],
  ])('%s', (name, message) => {
    expect(() => readTorch(golden(name))).toThrow(CovpoolError);
    expect(() => readTorch(golden(name))).toThrow(message);
  });

  it.each(containers)('a file that is cut off anywhere (%s)', (container) => {
    const bytes = golden(`types.${container}.pth`);
    for (let length = 0; length < bytes.byteLength; length += 7) {
      expect(() => readTorch(bytes.subarray(0, length))).toThrow(CovpoolError);
    }
  });

  it('what is not there, with its name', async () => {
    await expect(loadTorch('/nowhere/x.pth')).rejects.toThrow('cannot read /nowhere/x.pth (ENOENT)');
    const path = at('x.pth');
    await writeFile(path, golden('plain.zip.pth').subarray(0, 900));
    await expect(loadTorch(path)).rejects.toThrow(`${path}: torch file:`);
    await expect(loadTorch(at())).rejects.toThrow(CovpoolError);
  });
});
