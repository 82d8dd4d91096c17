import { CovpoolError } from '@covpool/base';
import { fromPreprocessorConfig, type PicturePreprocessing } from './preprocessor-config.ts';
import { readWeights } from './read-weights.ts';
import { readSafetensors } from './safetensors.ts';
import { joinShards, parseShardIndex } from './safetensors-shards.ts';
import type { Safetensors } from './safetensors.ts';
import type { TensorData } from './tensor-data.ts';

/** A network in the layout of Hugging Face: what builds it, its weights, and how pictures are prepared for it. */
export interface Pretrained {
  /** `config.json`: whatever the application needs to build the network. */
  config: Record<string, unknown>;
  tensors: Map<string, TensorData>;
  /** `preprocessor_config.json`. */
  preprocessing?: PicturePreprocessing;
}

/** @throws bad-input unless it is a JSON object */
export function parseConfig(name: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new CovpoolError('bad-input', `${name}: JSON is required, got something else`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CovpoolError('bad-input', `${name}: a JSON object is required, got another value`);
  }
  return value as Record<string, unknown>;
}

const HUB = 'https://huggingface.co';

/**
 * The address of a model of a hub: `hf://<user>/<model>`, at a revision `hf://<user>/<model>@<revision>`, or a file of it
 * `hf://<user>/<model>/<path>`. Other addresses stay as they are.
 *
 * @param hub the hub's own address
 * @throws bad-argument for `hf://` without user and model
 */
export function hubAddress(address: string, hub = HUB): string {
  if (!address.startsWith('hf://')) return address;
  const parts = /^hf:\/\/([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?((?:\/[\w.-]+)*)\/?$/.exec(address);
  if (!parts || address.split('/').includes('..')) {
    throw new CovpoolError(
      'bad-argument',
      `hub: hf://<user>/<model>[@<revision>][/<file>] is required, got ${address}`,
    );
  }
  const [, model, revision = 'main', path] = parts;
  return `${hub.replace(/\/+$/, '')}/${model}/resolve/${revision}${path}`;
}

/**
 * Fetches a network from an address below which `config.json`, weights (`model.safetensors`, shards and their index, or
 * `pytorch_model.bin`) and perhaps `preprocessor_config.json` are: a folder of any web server, or a model of a hub
 * (`hf://<user>/<model>`).
 *
 * @throws bad-input for a file that is not what it should be; io if the address does not answer
 */
export async function fetchPretrained(address: string): Promise<Pretrained> {
  const base = hubAddress(address).replace(/\/+$/, '');
  const [config, tensors, preprocessor] = await Promise.all([
    fetchFile(`${base}/config.json`),
    fetchTensors(base),
    fetchFile(`${base}/preprocessor_config.json`),
  ]);
  if (!config || !tensors) {
    const missing = config ? 'model.safetensors' : 'config.json';
    throw new CovpoolError(
      'bad-input',
      `pretrained: ${base} must have config.json and model.safetensors, got no ${missing}`,
    );
  }
  return {
    config: parseConfig(`${base}/config.json`, config),
    tensors,
    ...(preprocessor && {
      preprocessing: fromPreprocessorConfig(parseConfig(`${base}/preprocessor_config.json`, preprocessor)),
    }),
  };
}

/** The weights of a folder, in the order in which a folder on disk is searched. */
async function fetchTensors(base: string): Promise<Map<string, TensorData> | undefined> {
  const whole = await fetchFile(`${base}/model.safetensors`);
  if (whole) return readSafetensors(whole).tensors;
  const index = await fetchFile(`${base}/model.safetensors.index.json`);
  if (index) {
    const address = (file: string) => `${base}/${file}`;
    const read = async (file: string) => (await fetchWeights(address(file))).tensors;
    return joinShards(parseShardIndex(new TextDecoder().decode(index)), read, address);
  }
  const torch = await fetchFile(`${base}/pytorch_model.bin`);
  return torch && readWeights(torch).tensors;
}

/**
 * Fetches a safetensors or PyTorch file from any address, also of a hub (`hubAddress`).
 *
 * @throws bad-input for a file that is neither or not there; io if the address does not answer
 */
export async function fetchWeights(address: string): Promise<Safetensors> {
  const place = hubAddress(address);
  const bytes = await fetchFile(place);
  if (!bytes) throw new CovpoolError('bad-input', `weights: a file is required at ${place}, got none (404)`);
  return readWeights(bytes);
}

/** Undefined: there is no such file. */
async function fetchFile(address: string): Promise<Uint8Array | undefined> {
  let response: Response;
  try {
    response = await fetch(address);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new CovpoolError('io', `pretrained: cannot reach ${address} (${String(cause)})`, { cause });
  }
  if (response.status === 404) return undefined;
  throw new CovpoolError('io', `pretrained: ${address} must answer, got status ${response.status}`);
}
