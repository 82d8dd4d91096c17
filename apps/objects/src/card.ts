import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackbone } from '@covpool/backbones';
import { CovpoolError } from '@covpool/base';
import { importState, loadTrunk, type TensorData } from '@covpool/checkpoints';
import { loadWeights as readWeights } from '@covpool/checkpoints/node';
import { createDetector, type Detector, detectorKeyLayouts, type SettingsChanges } from '@covpool/detectors';
import type { TrainConfig } from './config.ts';
import type { Task } from './task.ts';

/** How a picture becomes a detector's input; travels with the trained network. */
export interface InputRecipe {
  size: { long: number; short: number };
  divisor: number;
  mean: [number, number, number];
  std: [number, number, number];
}

/** What `config.json` beside the weights of a detector says: all that is needed to use them. */
export interface DetectorCard {
  format: typeof FORMAT;
  detector: string;
  backbone: string;
  variant?: TrainConfig['variant'];
  frozenStages: number;
  normalization: TrainConfig['normalization'];
  conventions: TrainConfig['conventions'];
  settings: SettingsChanges;
  /** What the labels stand for, and their categories in the data. */
  classes: string[];
  categoryIds: number[];
  input: InputRecipe;
  /** The resolved configuration of the training. */
  training?: TrainConfig;
}

const FORMAT = 'covpool-detector/1';

/** The card of a detector that is to be trained. */
export function cardOf(
  config: TrainConfig,
  data: { classes: readonly string[]; categoryIds: readonly number[] },
): DetectorCard {
  const { detector, backbone, variant, frozenStages, normalization, conventions, settings, size } = config;
  return {
    format: FORMAT,
    detector,
    backbone,
    ...(variant ? { variant } : {}),
    frozenStages,
    normalization,
    conventions,
    settings: settings as SettingsChanges,
    classes: [...data.classes],
    categoryIds: [...data.categoryIds],
    input: { size, divisor: 32, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    training: config,
  };
}

/** The network that a card describes, with fresh weights; the trunk's may come from a classifier. */
export function buildDetector(card: DetectorCard, seed = 0, trunkWeights?: ReadonlyMap<string, TensorData>): Detector {
  const { detector, backbone, variant, frozenStages, normalization, conventions, settings, classes } = card;
  const trunk = createBackbone(backbone, { seed, frozenStages, normalization, ...(variant ? { variant } : {}) });
  if (trunkWeights) loadTrunk(trunk.model, trunkWeights);
  return createDetector(detector, { backbone: trunk, classes: classes.length, conventions, seed, ...settings });
}

/** The card in a model folder, a run folder or a checkpoint's. */
export async function readCard(task: Task, folder: string): Promise<DetectorCard> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const shipped = folder === task.model;
    const required = shipped ? 'a trained network' : `a folder with config.json`;
    const advice = shipped ? `; make one: npx -y pnpm@10 ${task.name} train` : '';
    const why = cause.code === 'ENOENT' ? 'there is none' : cause.message;
    throw new CovpoolError('bad-input', `${task.name}: ${required} is required in ${folder}, got ${why}${advice}`, {
      cause,
    });
  });
  const card = parseCard(text);
  if (card) return card;
  throw new CovpoolError('bad-input', `${task.name}: ${path} must be the card of a trained detector ('${FORMAT}')`);
}

function parseCard(text: string): DetectorCard | undefined {
  try {
    const card = JSON.parse(text) as Partial<DetectorCard> | null;
    const complete = card?.format === FORMAT && card.detector && card.backbone && card.classes && card.input;
    return complete ? (card as DetectorCard) : undefined;
  } catch {
    return undefined;
  }
}

/** The weights of a model folder, or of a run's checkpoint: the best or the last. */
export function weightsFile(folder: string, which: 'last' | 'best' = 'best'): string {
  const own = join(folder, 'model.safetensors');
  return existsSync(own) ? own : join(folder, which, 'model.safetensors');
}

/** Gives a detector the weights of a file: ours, mmdetection's or torchvision's; with `surplus` the file may hold more. */
export async function loadDetectorWeights(
  detector: Detector,
  path: string,
  { surplus = false }: { surplus?: boolean } = {},
): Promise<void> {
  const { tensors } = await readWeights(path);
  try {
    importState(detector.model, tensors, { layouts: detectorKeyLayouts, surplus });
  } catch (cause) {
    if (cause instanceof CovpoolError) throw new CovpoolError(cause.code, `${path}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** A trained detector and its card. */
export async function loadDetector(
  task: Task,
  folder: string,
  { checkpoint, weights }: { checkpoint?: 'last' | 'best' | undefined; weights?: string | undefined } = {},
): Promise<{ detector: Detector; card: DetectorCard }> {
  const card = await readCard(task, folder);
  const detector = buildDetector(card);
  await loadDetectorWeights(detector, weights ?? weightsFile(folder, checkpoint));
  return { detector, card };
}
