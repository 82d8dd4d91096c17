import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from './byte-source.ts';
import { readTorchSource, type TorchFile } from './read-torch.ts';
import type { TensorData } from './tensor-data.ts';
import { writeTorch } from './write-torch.ts';

/**
 * Reads a file of `torch.save`, as `readTorch` does, without ever holding the file: only the storages of the state dict
 * come into memory, each once, so that 300 MB of weights take 300 MB. Reads as it goes and lets nothing else run meanwhile.
 *
 * @throws bad-input
 */
export async function loadTorch(path: string): Promise<TorchFile> {
  try {
    const file = openSync(path, 'r');
    try {
      return readTorchSource(fileSource(file));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof CovpoolError) throw new CovpoolError(cause.code, `${path}: ${cause.message}`, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    if (!code) throw cause;
    throw new CovpoolError('bad-input', `weights: cannot read ${path} (${code})`, { cause });
  }
}

/** Node reads at most 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

function fileSource(file: number): ByteSource {
  return {
    size: fstatSync(file).size,
    read(from, length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const got = readSync(file, bytes, at, Math.min(length - at, MOST_AT_ONCE), from + at);
        if (got === 0) throw new CovpoolError('bad-input', 'torch file: the file grew shorter while it was read');
        at += got;
      }
      return bytes;
    },
  };
}

/** Writes a state dict that `torch.load` reads; under its name there is always a whole file. */
export async function saveTorch(path: string, tensors: ReadonlyMap<string, TensorData>): Promise<void> {
  await writeFileAtomic(path, writeTorch(tensors));
}
