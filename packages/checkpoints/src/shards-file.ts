import { checkArgument, CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { joinShards, parseShardIndex, shardName, splitShards } from './safetensors-shards.ts';
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
  const path = (file: string) => join(dirname(indexPath), file);
  try {
    const index = parseShardIndex(text);
    const tensors = await joinShards(index, async (file) => (await loadSafetensors(path(file))).tensors, path);
    return { tensors, metadata: index.metadata };
  } catch (cause) {
    const { message } = cause as Error;
    if (!message.startsWith('safetensors index:')) throw cause;
    throw new CovpoolError('bad-input', `${indexPath}: ${message}`, { cause });
  }
}

/**
 * Writes a checkpoint as several safetensors files of at most so many bytes of tensors each, and their index, whose path is
 * `<stem>.safetensors.index.json`. Each file is replaced whole. Over an older checkpoint the files have names of their own until the
 * index takes the old one's place, so that there is always one whole checkpoint; then the old files go.
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
  const folder = dirname(indexPath);
  const stem = basename(indexPath, INDEX);
  const old = await filesOf(indexPath);
  const shards = splitShards(tensors, shardBytes);
  const names = shards.map((_, i) => shardName(stem, i, shards.length));
  const fresh = names.some((name) => old.has(name)) ? `${stem}-${randomBytes(4).toString('hex')}` : stem;
  const weightMap: [string, string][] = [];
  for (const [i, shard] of shards.entries()) {
    const file = shardName(fresh, i, shards.length);
    await saveSafetensors(join(folder, file), shard, { format: 'pt' });
    for (const name of shard.keys()) weightMap.push([name, file]);
    old.delete(file);
  }
  const size = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const index = { metadata: { total_size: size, ...metadata }, weight_map: Object.fromEntries(weightMap) };
  await writeFileAtomic(indexPath, `${JSON.stringify(index, null, 2)}\n`);
  const gone = [...old].filter((file) => file.startsWith(`${stem}-`));
  await Promise.all(gone.map((file) => rm(join(folder, file), { force: true })));
}

/** The files that an index names; none if there is none. */
const filesOf = async (indexPath: string): Promise<Set<string>> =>
  readFile(indexPath, 'utf8')
    .then((text) => new Set(parseShardIndex(text).weightMap.values()))
    .catch(() => new Set<string>());
