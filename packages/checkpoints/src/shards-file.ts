import { checkArgument, CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseShardIndex, shardName, splitShards } from './safetensors-shards.ts';
import { loadSafetensors, saveSafetensors } from './safetensors-file.ts';
import type { Safetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';

const INDEX = '.safetensors.index.json';

/**
 * Reads a checkpoint that is split into several safetensors files, by its index (`model.safetensors.index.json`). Files that
 * the index does not name are left alone.
 *
 * @throws bad-input, also if a file lacks a tensor that the index says it has, or has another
 */
export async function loadShards(indexPath: string): Promise<Safetensors> {
  const text = await readFile(indexPath, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CovpoolError('bad-input', `weights: cannot read ${indexPath} (${cause.code ?? cause.message})`, {
      cause,
    });
  });
  const { weightMap, metadata } = parseShardIndex(text);
  const found = new Map<string, TensorData>();
  for (const file of new Set(weightMap.values())) {
    const path = join(dirname(indexPath), file);
    for (const [name, tensor] of (await loadSafetensors(path)).tensors) {
      if (weightMap.get(name) !== file) {
        throw new CovpoolError(
          'bad-input',
          `${path}: only tensors that the index places here are expected, got '${name}'`,
        );
      }
      found.set(name, tensor);
    }
  }
  const missing = [...weightMap.keys()].find((name) => !found.has(name));
  if (missing !== undefined) {
    throw new CovpoolError(
      'bad-input',
      `${indexPath}: '${missing}' must be in ${weightMap.get(missing)}, which lacks it`,
    );
  }
  return { tensors: new Map([...weightMap.keys()].map((name) => [name, found.get(name)!])), metadata };
}

/**
 * Writes a checkpoint as several safetensors files of at most so many bytes of tensors each, and their index, whose path is
 * `<stem>.safetensors.index.json`. Each file is replaced whole, the index last; to save over an older
 * checkpoint of as many files is not one step, so give each its own folder.
 */
export async function saveShards(
  indexPath: string,
  tensors: ReadonlyMap<string, TensorData>,
  { shardBytes = 5e9, metadata = {} }: { shardBytes?: number; metadata?: Record<string, string> } = {},
): Promise<void> {
  checkArgument(
    indexPath.endsWith(INDEX),
    () => `saveShards: a path that ends in ${INDEX} is required, got ${indexPath}`,
  );
  checkArgument(shardBytes > 0, () => `saveShards: shardBytes must be positive, got ${shardBytes}`);
  const stem = basename(indexPath, INDEX);
  const shards = splitShards(tensors, shardBytes);
  const weightMap: [string, string][] = [];
  for (const [i, shard] of shards.entries()) {
    const file = shardName(stem, i, shards.length);
    await saveSafetensors(join(dirname(indexPath), file), shard, { format: 'pt' });
    for (const name of shard.keys()) weightMap.push([name, file]);
  }
  const size = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const index = { metadata: { total_size: size, ...metadata }, weight_map: Object.fromEntries(weightMap) };
  await writeFileAtomic(indexPath, `${JSON.stringify(index, null, 2)}\n`);
}
