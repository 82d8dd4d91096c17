import { CovpoolError } from '@covpool/base';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FORMAT_BYTES, weightsFormat } from './read-weights.ts';
import { loadSafetensors, saveSafetensors } from './safetensors-file.ts';
import type { Safetensors } from './safetensors.ts';
import { loadShards, saveShards } from './shards-file.ts';
import type { TensorData } from './tensor-data.ts';
import { loadTorch, saveTorch } from './torch-file.ts';

/** Where Hugging Face's folders have weights. */
const IN_FOLDER = ['model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin'];

/**
 * Reads weights from wherever they are: a safetensors file, a PyTorch file of either container (its content says which), the
 * index of shards (`.json`), or a folder with `model.safetensors`, its index or `pytorch_model.bin`.
 *
 * @throws bad-input
 */
export async function loadWeights(path: string): Promise<Safetensors> {
  const file = await weightsPath(path);
  if (file.endsWith('.json')) return loadShards(file);
  return (await formatOf(file)) === 'torch' ? loadTorch(file) : loadSafetensors(file);
}

async function weightsPath(path: string): Promise<string> {
  if (!(await isThere(path, 'folder'))) return path;
  for (const name of IN_FOLDER) if (await isThere(join(path, name), 'file')) return join(path, name);
  throw new CovpoolError('bad-input', `weights: ${path} must have one of ${IN_FOLDER.join(', ')}, got none`);
}

async function isThere(path: string, kind: 'file' | 'folder'): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return kind === 'file' ? found?.isFile() === true : found?.isDirectory() === true;
}

async function formatOf(path: string): Promise<'safetensors' | 'torch'> {
  const start = new Uint8Array(FORMAT_BYTES);
  try {
    const file = await open(path);
    await file.read(start).finally(() => file.close());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CovpoolError('bad-input', `weights: cannot read ${path} (${code ?? String(cause)})`, { cause });
  }
  try {
    return weightsFormat(start);
  } catch (cause) {
    throw new CovpoolError('bad-input', `${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Writes weights in the format of the name: `.safetensors`, `.safetensors.index.json` (shards), or `.pth`, `.pt` and `.bin`
 * for PyTorch, which has no place for metadata.
 *
 * @throws bad-argument for another ending
 */
export async function saveWeights(
  path: string,
  tensors: Map<string, TensorData>,
  metadata: Record<string, string> = {},
): Promise<void> {
  if (path.endsWith('.safetensors')) await saveSafetensors(path, tensors, metadata);
  else if (path.endsWith('.safetensors.index.json')) await saveShards(path, tensors, { metadata });
  else if (/\.(pth|pt|bin)$/.test(path)) await saveTorch(path, tensors);
  else {
    throw new CovpoolError(
      'bad-argument',
      `weights: a name in .safetensors, .safetensors.index.json, .pth, .pt or .bin is required, got ${path}`,
    );
  }
}
