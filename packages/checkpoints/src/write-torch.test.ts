import { CovpoolError } from '@covpool/base';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.ts';
import { readTorch } from './read-torch.ts';
import { bytesSource } from './byte-source.ts';
import { readZip } from './read-zip.ts';
import { float32Data, type TensorData } from './tensor-data.ts';
import { loadTorch, saveTorch } from './torch-file.ts';
import { expectedFiles, golden, numbers } from './torch-golden.fixture.ts';
import { writeTorch } from './write-torch.ts';

const at = temporaryFolder({ each: true });

const joined = (pieces: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

/** Tensors of every type and of every rank from 0 to 4, an empty one among them, and a name beyond ASCII. */
function examples(): Map<string, TensorData> {
  const tensors = new Map([
    ...readTorch(golden('types.zip.pth')).tensors,
    ...readTorch(golden('layouts.zip.pth')).tensors,
  ]);
  tensors.set('float16', { dtype: 'F16', shape: [2], data: Uint8Array.of(0x00, 0x3e, 0x00, 0xc0) });
  tensors.set('bfloat16', { dtype: 'BF16', shape: [2], data: Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0) });
  return tensors.set('größe', float32Data([2], Float32Array.of(1, 2)));
}

describe('values', () => {
  it('reads what it writes', () => {
    const written = examples();
    const { tensors, path } = readTorch(joined(writeTorch(written)));
    expect([path, ...tensors.keys()]).toEqual(['', ...written.keys()]);
    for (const [name, { dtype, shape, data }] of written) {
      const found = tensors.get(name)!;
      expect([name, found.shape]).toEqual([name, shape]);
      if (dtype === 'F16' || dtype === 'BF16') expect([name, ...numbers(found)]).toEqual([name, 1.5, -2]);
      else expect([name, ...found.data]).toEqual([name, ...data]);
    }
  });

  it('aligns storages to 64 bytes, as PyTorch maps them', () => {
    const bytes = joined(writeTorch(examples()));
    for (const [name, { from }] of readZip(bytesSource(bytes))) expect([name, from % 64]).toEqual([name, 0]);
  });

  it('has the checksums of the CRC-32 standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it('makes the same file of the same tensors, whole', async () => {
    const path = at('model.pth');
    await saveTorch(path, examples());
    await saveTorch(path, examples());
    expect(await readdir(at())).toEqual(['model.pth']);
    expect((await loadTorch(path)).tensors).toEqual(readTorch(joined(writeTorch(examples()))).tensors);
  });
});

const python = process.env.COVPOOL_PYTHON;
const why = python ? '' : ' (skipped: COVPOOL_PYTHON names no Python that has PyTorch)';

const SCRIPT = `
import json, sys, zipfile, torch
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
state = torch.load(sys.argv[1], weights_only=True)
assert torch.load(sys.argv[1], weights_only=False).keys() == state.keys()
assert torch.load(sys.argv[1], weights_only=True, mmap=True).keys() == state.keys()
assert type(state).__name__ == 'OrderedDict' and all(t.is_contiguous() for t in state.values())
print(json.dumps({n: [str(t.dtype), list(t.shape), t.double().flatten().tolist()] for n, t in state.items()}))
`;

describe(`PyTorch${why}`, () => {
  it.skipIf(!python)('loads what is written, with and without weights_only, and mapped', async () => {
    const path = at('model.pth');
    await saveTorch(path, examples());
    const { stdout } = await promisify(execFile)(python!, ['-c', SCRIPT, path]);
    const state = JSON.parse(stdout) as Record<string, [string, number[], number[]]>;
    expect(Object.keys(state)).toEqual([...examples().keys()]);
    for (const [name, { dtype, shape, values }] of Object.entries({
      ...expectedFiles.types,
      ...expectedFiles.layouts,
    })) {
      if (name.includes('float16')) expect(state[name]).toEqual([`torch.${name}`, [2], [1.5, -2]]);
      else expect([name, dtype, ...state[name]!.slice(1)]).toEqual([name, dtype, shape, values]);
    }
    for (const name of Object.keys(expectedFiles.types!)) expect(state[name]![0]).toBe(`torch.${name}`);
    expect(state['größe']).toEqual(['torch.float32', [2], [1, 2]]);
  });
});

describe('rejects', () => {
  it('bytes that do not fit the shape', () => {
    const wrong = new Map([['a', float32Data([7], Float32Array.of(1, 2, 3))]]);
    expect(() => writeTorch(wrong)).toThrow(CovpoolError);
    expect(() => writeTorch(wrong)).toThrow(/'a' must have 28 bytes, got 12/);
  });
});
