import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { readFile } from 'node:fs/promises';
import { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';

/** Reads a safetensors file. */
export async function loadSafetensors(path: string): Promise<Safetensors> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new CovpoolError('bad-input', `weights: cannot read ${path} (${cause.code ?? cause.message})`, { cause });
  });
  try {
    return readSafetensors(bytes);
  } catch (cause) {
    if (cause instanceof CovpoolError) throw new CovpoolError(cause.code, `${path}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** Writes a safetensors file; under its name there is always a whole one. */
export async function saveSafetensors(
  path: string,
  tensors: Map<string, TensorData>,
  metadata?: Record<string, string>,
): Promise<void> {
  await writeFileAtomic(path, writeSafetensors(tensors, metadata));
}
