import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { exportState, fetchPretrained, fetchWeights, type TensorData } from '@covpool/checkpoints';
import { loadWeights, registerFileHandler } from '@covpool/checkpoints/node';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { cardOf, type ClassifierCard, readWeightsCard, weightsFile } from './classifier.ts';
import { isAddress } from './weights-path.ts';

/** Weights from wherever they are, and what came with them. */
export interface Weights {
  tensors: ReadonlyMap<string, TensorData>;
  /** Of a run folder, a model folder, a model.json that was converted here. */
  card?: ClassifierCard;
  /** Of a model.json: the network itself. */
  model?: LayersModel;
}

/**
 * Opens weights: a safetensors or PyTorch file, the index of shards, a run folder, a folder of Hugging Face, the model.json of a
 * layers model or its folder, or the web address of a file or of such a folder.
 *
 * @throws bad-input; io if an address does not answer
 */
export async function openWeights(from: string, checkpoint: 'last' | 'best' = 'last'): Promise<Weights> {
  if (isAddress(from)) return fetchFrom(from);
  const isFolder = (await stat(from).catch(() => undefined))?.isDirectory() === true;
  if (!isFolder) return basename(from) === 'model.json' ? openLayersModel(from) : fromFile(from);
  if (existsSync(join(from, 'model.json'))) return openLayersModel(join(from, 'model.json'));
  const hasCard = existsSync(join(from, 'config.json'));
  const card = hasCard ? await readWeightsCard(from, checkpoint).catch(() => undefined) : undefined;
  return { ...(await fromFile(card ? weightsFile(from, checkpoint) : from)), ...(card && { card }) };
}

const fromFile = async (path: string): Promise<Weights> => ({ tensors: (await loadWeights(path)).tensors });

async function fetchFrom(address: string): Promise<Weights> {
  if (/\.(safetensors|pth|pt|bin)(\?.*)?$/.test(address)) return { tensors: (await fetchWeights(address)).tensors };
  const { tensors, config } = await fetchPretrained(address);
  const card = cardOf(config);
  return { tensors, ...(card && { card }) };
}

async function openLayersModel(path: string): Promise<Weights> {
  registerFileHandler();
  try {
    const model = (await loadLayersModel(`file://${path}`)) as LayersModel;
    const card = cardOf(model.getUserDefinedMetadata());
    return { tensors: await exportState(model), model, ...(card && { card }) };
  } catch (cause) {
    if (cause instanceof CovpoolError) throw cause;
    throw new CovpoolError('bad-input', `weights: cannot load ${path} (${(cause as Error).message})`, { cause });
  }
}
