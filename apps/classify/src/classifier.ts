import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AttentionSpec, createModel } from '@covpool/backbones';
import { CovpoolError } from '@covpool/base';
import { loadWeights } from '@covpool/checkpoints/node';
import type { PoolingSpec } from '@covpool/core';
import '@covpool/covariance/layers';
import '@covpool/dropcov/layers';
import '@covpool/gsop/layers';
import '@covpool/idccp/layers';
import '@covpool/matrix-power/layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { InputRecipe } from './input.ts';
import { takeWeights } from './take-weights.ts';

/** What `config.json` beside the weights of a classifier says: all that is needed to use them. */
export interface ClassifierCard {
  format: typeof FORMAT;
  backbone: string;
  /** Absent: the backbone's own. */
  pool?: PoolingSpec;
  /** In its blocks; absent: the backbone's own. */
  attention?: AttentionSpec | undefined;
  /** Names of the outputs. */
  classes: string[];
  input: InputRecipe;
  /** The resolved configuration of the training. */
  training?: unknown;
}

export const FORMAT = 'covpool-classifier/1';

/** The network that a card describes, with fresh weights. */
export function buildClassifier({ backbone, pool, attention, classes }: ClassifierCard, seed = 0): LayersModel {
  return createModel(backbone, { ...(pool && { pooling: pool }), attention, classes: classes.length, seed });
}

/** Reads the card of a model folder or of a run folder. */
export async function readCard(folder: string): Promise<ClassifierCard> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is none' : cause.message;
    throw new CovpoolError('bad-input', `model: a folder with config.json is required, got ${folder}: ${why}`, {
      cause,
    });
  });
  const card = parseCard(text);
  if (!card) {
    throw new CovpoolError('bad-input', `model: ${path} must be the card of a trained classifier ('${FORMAT}')`);
  }
  return card;
}

function parseCard(text: string): ClassifierCard | undefined {
  try {
    return cardOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What was read as a card, if it is one. */
export function cardOf(value: unknown): ClassifierCard | undefined {
  const card = value as Partial<ClassifierCard> | null | undefined;
  const complete = card?.format === FORMAT && card.backbone && Array.isArray(card.classes) && card.input;
  return complete ? (card as ClassifierCard) : undefined;
}

/** A model folder, or that of a run's checkpoint: the last one or the best. */
function modelFolder(folder: string, which: 'last' | 'best'): string {
  return existsSync(join(folder, 'model.safetensors')) ? folder : join(folder, which);
}

/** Where the weights of a model folder or a run folder are; of a run, those after the last epoch or the best ones. */
export function weightsFile(folder: string, which: 'last' | 'best' = 'last'): string {
  return join(modelFolder(folder, which), 'model.safetensors');
}

/** The card of those weights: where the pooling changed in the course of a run, each checkpoint names its own. */
export async function readWeightsCard(folder: string, which: 'last' | 'best' = 'last'): Promise<ClassifierCard> {
  const inner = modelFolder(folder, which);
  return readCard(existsSync(join(inner, 'config.json')) ? inner : folder);
}

/** A trained network and its card. */
export async function loadClassifier(
  folder: string,
  which?: 'last' | 'best',
): Promise<{ model: LayersModel; card: ClassifierCard }> {
  const card = await readWeightsCard(folder, which);
  const model = buildClassifier(card);
  const path = weightsFile(folder, which);
  takeWeights(model, (await loadWeights(path)).tensors, path);
  return { model, card };
}
