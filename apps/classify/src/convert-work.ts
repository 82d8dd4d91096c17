import { mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import {
  exportOnnx,
  exportState,
  type ModelCard,
  type PicturePreprocessing,
  type TensorData,
  toAuthorNames,
} from '@covpool/checkpoints';
import { registerFileHandler, savePretrained, saveWeights } from '@covpool/checkpoints/node';
import { useEngine } from '@covpool/engines';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildClassifier, type ClassifierCard } from './classifier.ts';
import { type NetworkChoice, weightsCard } from './network-choice.ts';
import { takeWeights } from './take-weights.ts';
import { openWeights } from './weights-source.ts';

export interface ConversionRequest {
  /** A path or a web address. */
  from: string;
  to: string;
  network: NetworkChoice;
  /** Whether an ONNX file takes pictures of any size. */
  open: boolean;
  names: 'covpool' | 'authors';
  checkpoint: 'last' | 'best';
}

type Format = 'weights' | 'onnx' | 'layers model' | 'folder';

/** What `convert` prints for machines. */
export interface Conversion {
  to: string;
  format: Format;
  /** How many. */
  weights: number;
  /** Backbone and pooling; absent if neither was known. */
  network?: string;
}

function formatOf(path: string): Format {
  const name = basename(path);
  if (name === 'model.json') return 'layers model';
  if (name.endsWith('.onnx')) return 'onnx';
  if (/\.(safetensors|safetensors\.index\.json|pth|pt|bin)$/.test(name)) return 'weights';
  const ending = extname(name);
  // A dot in the name of a folder is followed by a digit: `net-1.0`.
  if (/^\.\D/.test(ending)) {
    const known = '.safetensors, .safetensors.index.json, .pth, .pt, .bin, .onnx, model.json or the name of a folder';
    throw new CovpoolError('bad-argument', `convert: <out> must be ${known}, got ${path}`);
  }
  return 'folder';
}

/** Reads a network or weights and writes them in the format that the name says. */
export async function convert(request: ConversionRequest, print: (text: string) => void): Promise<Conversion> {
  const { from, to, network, names, checkpoint } = request;
  const format = formatOf(to);
  if (resolve(from) === to)
    throw new CovpoolError('bad-argument', `convert: <out> must be another than <in>, got ${to}`);
  if (format === 'folder') await checkEmpty(to);
  await useEngine('wasm');
  const source = await openWeights(from, checkpoint);
  const card = weightsCard('convert', source, network);
  const model = network.backbone === undefined && source.model ? source.model : card && buildClassifier(card);
  if (!model && format !== 'weights') {
    throw new CovpoolError(
      'bad-argument',
      `convert: ${from} comes without a description of its network; give --backbone and --pool`,
    );
  }
  if (model && model !== source.model) takeWeights(model, source.tensors, from, print);
  const tensors = model ? await exportState(model) : source.tensors;
  const written = names === 'authors' ? toAuthorNames(tensors) : new Map(tensors);
  await writers[format]({ ...request, card, model: model!, tensors: written });
  const described = card ? `${card.backbone}, ${card.pool?.name ?? 'its own pooling'}` : model?.name;
  return { to, format, weights: tensors.size, ...(described !== undefined && { network: described }) };
}

interface Material extends ConversionRequest {
  card: ClassifierCard | undefined;
  /** Present for all formats but weights. */
  model: LayersModel;
  tensors: Map<string, TensorData>;
}

const writers: Record<Format, (material: Material) => Promise<void>> = {
  async weights({ to, tensors }) {
    await mkdir(dirname(to), { recursive: true });
    await saveWeights(to, tensors, { format: 'pt' });
  },
  async onnx({ to, model, card, open, network: { size } }) {
    const side = open ? undefined : size ?? card?.input.size;
    const bytes = await exportOnnx(model, { inputSize: side, metadata: card ? onnxMetadata(card) : {} });
    await mkdir(dirname(to), { recursive: true });
    await writeFileAtomic(to, bytes);
  },
  async 'layers model'({ to, model, card }) {
    registerFileHandler();
    if (card) model.setUserDefinedMetadata(card);
    await model.save(`file://${dirname(to)}`);
  },
  async folder({ to, from, tensors, card }) {
    if (!card) {
      throw new CovpoolError('bad-argument', `convert: ${from} does not say what it is of; give --backbone and --pool`);
    }
    await savePretrained(to, {
      config: { ...card },
      tensors,
      preprocessing: preprocessingOf(card),
      card: modelCard(card, basename(to), basename(from)),
    });
  },
};

/** What a program that runs the file has to know of it. */
const onnxMetadata = ({ backbone, pool, classes, input }: ClassifierCard): Record<string, string> => ({
  backbone,
  ...(pool && { pool: JSON.stringify(pool) }),
  classes: JSON.stringify(classes),
  input: JSON.stringify(input),
});

function preprocessingOf({ input: { size, resize, filter, mean, std } }: ClassifierCard): PicturePreprocessing {
  return { inputSize: size, cropFraction: size / resize, interpolation: filter, mean, std };
}

function modelCard({ backbone, pool, classes, input }: ClassifierCard, title: string, from: string): ModelCard {
  const head = pool ? `the pooling \`${JSON.stringify(pool)}\`` : 'its own pooling';
  return {
    title,
    license: 'other',
    text:
      `A \`${backbone}\` of covpool with ${head}: pictures of ${input.size}×${input.size} pixels to ${classes.length} classes. ` +
      `Converted from \`${from}\`, whose licence holds.`,
  };
}

/** @throws bad-argument if a folder holds anything */
async function checkEmpty(folder: string): Promise<void> {
  const found = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new CovpoolError('bad-input', `convert: ${folder} must be a folder, new or empty (${cause.code})`, { cause });
  });
  if (found.length > 0) {
    throw new CovpoolError(
      'bad-argument',
      `convert: a new or empty folder is required, got ${folder} with ${found.length} entries`,
    );
  }
}
