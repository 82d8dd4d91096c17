import { CovpoolError } from '@covpool/base';
import type { TensorData } from './tensor-data.ts';

/** The index of a checkpoint in several safetensors files: which file has which tensor. */
export interface ShardIndex {
  weightMap: Map<string, string>;
  metadata: Record<string, string>;
}

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `safetensors index: ${what}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws bad-input for anything but a map from names to files beside the index */
export function parseShardIndex(text: string): ShardIndex {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CovpoolError('bad-input', 'safetensors index: JSON is required, got something else', { cause });
  }
  if (!isRecord(json) || !isRecord(json.weight_map)) throw refuse('a weight_map is required, got none');
  const weightMap = new Map<string, string>();
  for (const [name, file] of Object.entries(json.weight_map)) {
    if (typeof file !== 'string' || !file.endsWith('.safetensors') || /[\\/]/.test(file)) {
      throw refuse(`the file of '${name}' must lie beside the index, got ${JSON.stringify(file)}`);
    }
    weightMap.set(name, file);
  }
  const facts = isRecord(json.metadata) ? Object.entries(json.metadata) : [];
  return { weightMap, metadata: Object.fromEntries(facts.map(([key, value]) => [key, String(value)])) };
}

/** Fills one file after the other, in the order of the tensors; one beyond the size has a file of its own. */
export function splitShards(tensors: ReadonlyMap<string, TensorData>, most: number): Map<string, TensorData>[] {
  const shards: Map<string, TensorData>[] = [];
  let room = 0;
  for (const [name, tensor] of tensors) {
    if (shards.length === 0 || tensor.data.byteLength > room) {
      shards.push(new Map());
      room = most;
    }
    shards.at(-1)!.set(name, tensor);
    room = Math.max(0, room - tensor.data.byteLength);
  }
  return shards.length > 0 ? shards : [new Map()];
}

/**
 * The tensors of a checkpoint from its files, in the order of the index.
 *
 * @param read the tensors of a file
 * @param where what an error calls a file
 * @throws bad-input if a file lacks a tensor that the index says it has, or has another
 */
export async function joinShards(
  { weightMap }: ShardIndex,
  read: (file: string) => Promise<ReadonlyMap<string, TensorData>>,
  where: (file: string) => string,
): Promise<Map<string, TensorData>> {
  const found = new Map<string, TensorData>();
  for (const file of new Set(weightMap.values())) {
    for (const [name, tensor] of await read(file)) {
      if (weightMap.get(name) !== file) {
        throw new CovpoolError(
          'bad-input',
          `${where(file)}: only tensors that the index places here are expected, got '${name}'`,
        );
      }
      found.set(name, tensor);
    }
  }
  const missing = [...weightMap.keys()].find((name) => !found.has(name));
  if (missing !== undefined) throw refuse(`'${missing}' must be in ${weightMap.get(missing)}, which lacks it`);
  return new Map([...weightMap.keys()].map((name) => [name, found.get(name)!]));
}

/** `model-00001-of-00003.safetensors`, as Hugging Face names them. */
export function shardName(stem: string, i: number, count: number): string {
  const padded = (n: number) => String(n).padStart(5, '0');
  return `${stem}-${padded(i + 1)}-of-${padded(count)}.safetensors`;
}
