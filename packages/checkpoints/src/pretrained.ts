import { CovpoolError } from '@covpool/base';
import { fromPreprocessorConfig, type PicturePreprocessing } from './preprocessor-config.ts';
import { readWeights } from './read-weights.ts';
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

/**
 * Fetches a network from an address below which `config.json`, `model.safetensors` and perhaps
 * `preprocessor_config.json` are: a folder of any web server, or `…/<user>/<model>/resolve/main` of a hub.
 *
 * @throws bad-input for a file that is not what it should be; io if the address does not answer
 */
export async function fetchPretrained(address: string): Promise<Pretrained> {
  const base = address.replace(/\/+$/, '');
  const [config, weights, preprocessor] = await Promise.all([
    fetchFile(`${base}/config.json`),
    fetchFile(`${base}/model.safetensors`),
    fetchFile(`${base}/preprocessor_config.json`),
  ]);
  if (!config || !weights) {
    const missing = config ? 'model.safetensors' : 'config.json';
    throw new CovpoolError(
      'bad-input',
      `pretrained: ${base} must have config.json and model.safetensors, got no ${missing}`,
    );
  }
  return {
    config: parseConfig(`${base}/config.json`, config),
    tensors: readWeights(weights).tensors,
    ...(preprocessor && {
      preprocessing: fromPreprocessorConfig(parseConfig(`${base}/preprocessor_config.json`, preprocessor)),
    }),
  };
}

/**
 * Fetches a safetensors or PyTorch file from any address.
 *
 * @throws bad-input for a file that is neither or not there; io if the address does not answer
 */
export async function fetchWeights(address: string): Promise<Safetensors> {
  const bytes = await fetchFile(address);
  if (!bytes) throw new CovpoolError('bad-input', `weights: a file is required at ${address}, got none (404)`);
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
