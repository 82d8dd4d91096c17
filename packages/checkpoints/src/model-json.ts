import { CovpoolError } from '@covpool/base';
import type { io } from '@tensorflow/tfjs-core';

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `model.json: ${what}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const WIDTHS: Record<string, number> = { float32: 4, int32: 4, bool: 1, complex64: 8 };
const QUANTIZED_WIDTHS: Record<string, number> = { uint8: 1, uint16: 2, float16: 2 };

/**
 * The `model.json` of a layers model, checked as far as TensorFlow.js takes it on trust: a topology, files beside the
 * `model.json`, and for each weight a name, a type and a shape.
 *
 * @throws bad-input
 */
export function parseModelJson(bytes: Uint8Array): io.ModelJSON {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CovpoolError('bad-input', 'model.json: JSON is required, got something else', { cause });
  }
  if (!isRecord(json) || !isRecord(json.modelTopology) || !Array.isArray(json.weightsManifest)) {
    throw refuse('a topology and a manifest of weights are required, got neither or one; is it of a layers model?');
  }
  for (const group of json.weightsManifest as unknown[]) checkGroup(group);
  const model = json as unknown as io.ModelJSON;
  checkSizes(json.modelTopology, countElements(model));
  return model;
}

/** Options of layers that are extents of their weights. */
const EXTENTS = /^(units|filters|kernel_?[sS]ize|depth_?[mM]ultiplier|input_?[dD]im|output_?[dD]im|dim|reduce|hidden)$/;

/** Layers without weights have sizes, too: those of a window, and the features that compact bilinear pooling makes. */
const WINDOW = 64;
const FEATURES = 65_536;

/**
 * TensorFlow.js makes weights of the topology's sizes before it looks at those of the manifest: an absurd size would take the memory of the
 * machine. No extent of a weight exceeds the number of all elements.
 */
function checkSizes(value: unknown, elements: number, key = ''): void {
  const most = Math.max(elements, /^output_?[dD]im$/.test(key) ? FEATURES : WINDOW);
  if (typeof value === 'number' && EXTENTS.test(key) && value > most) {
    throw refuse(`${key} must be at most ${most} with weights of so many elements, got ${value}`);
  }
  if (Array.isArray(value)) for (const item of value as unknown[]) checkSizes(item, elements, key);
  else if (isRecord(value)) for (const [name, item] of Object.entries(value)) checkSizes(item, elements, name);
}

const countElements = ({ weightsManifest }: io.ModelJSON): number =>
  weightsManifest
    .flatMap(({ weights }) => weights)
    .reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);

function checkGroup(group: unknown): void {
  if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
    throw refuse('each group of the manifest must have paths and weights');
  }
  for (const path of group.paths as unknown[]) {
    if (typeof path !== 'string' || path === '' || path.split(/[\\/]/).some((part) => part === '..' || part === '')) {
      throw refuse(`weights must lie beside the model.json, got ${JSON.stringify(path)}`);
    }
  }
  for (const spec of group.weights as unknown[]) weightBytes(spec);
}

/** The bytes of a weight in the file; undefined: they depend on the values (strings). */
function weightBytes(spec: unknown): number | undefined {
  const { name, shape, dtype, quantization } = isRecord(spec) ? spec : {};
  if (typeof name !== 'string' || !Array.isArray(shape) || !shape.every(isCount)) {
    throw refuse('each weight must have a name and a shape of whole numbers');
  }
  if (dtype === 'string') return undefined;
  const stored = isRecord(quantization) ? QUANTIZED_WIDTHS[String(quantization.dtype)] : WIDTHS[String(dtype)];
  if (!stored) throw refuse(`'${name}' must have one of the types ${Object.keys(WIDTHS).join(', ')} or string`);
  return (shape as number[]).reduce((product, extent) => product * extent, stored);
}

/** @throws bad-input unless the weights of the manifest take exactly as many bytes as there are */
export function checkWeightBytes({ weightsManifest }: io.ModelJSON, available: number): void {
  let wanted = 0;
  for (const spec of weightsManifest.flatMap(({ weights }) => weights)) {
    const bytes = weightBytes(spec);
    if (bytes === undefined) return;
    wanted += bytes;
  }
  if (wanted !== available) throw refuse(`the weights must have ${wanted} bytes, got ${available}`);
}
