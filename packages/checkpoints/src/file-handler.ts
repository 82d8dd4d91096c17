import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { io } from '@tensorflow/tfjs-core';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkWeightBytes, parseModelJson } from './model-json.ts';

const SCHEME = 'file://';

/** The name of a file of weights says what is in it, so that a new one never takes an old one's place. */
const weightsName = (bytes: Uint8Array): string =>
  `weights-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.bin`;

const isWeightsName = (name: string): boolean => /^weights-[0-9a-f]{16}\.bin$/.test(name);

let registered = false;

/**
 * Lets TensorFlow.js save to and load from `file://` in Node, where without tfjs-node it cannot:
 *
 * ```ts
 * registerFileHandler();
 * await model.save('file://net'); // a folder with model.json and weights-<hash>.bin
 * const same = await loadLayersModel('file://net/model.json');
 * ```
 * What follows the scheme is a path, relative or absolute. A model that is saved over another replaces it in one step: whoever reads
 * meanwhile, and whatever interrupts, there is the old one or the new one.
 */
export function registerFileHandler(): void {
  if (registered) return;
  registered = true;
  type Router = Parameters<typeof io.registerSaveRouter>[0];
  const route = (url: string | string[]): io.IOHandler | null => {
    if (typeof url !== 'string' || !url.startsWith(SCHEME)) return null;
    const path = url.slice(SCHEME.length);
    return { save: (artifacts) => save(path, artifacts), load: () => load(path) };
  };
  // The type says that a router always has a handler; TensorFlow.js's own return null for what is not theirs.
  io.registerSaveRouter(route as Router);
  io.registerLoadRouter(route as Router);
}

async function save(folder: string, artifacts: io.ModelArtifacts): Promise<io.SaveResult> {
  const { weightData, weightSpecs = [], ...rest } = artifacts;
  if (!rest.modelTopology || !weightData) {
    throw new CovpoolError('unsupported', `save: a model with topology and weights is required for ${folder}`);
  }
  await mkdir(folder, { recursive: true });
  const bytes = new Uint8Array(io.CompositeArrayBuffer.join(weightData));
  const name = weightsName(bytes);
  await writeFileAtomic(join(folder, name), bytes);
  const path = join(folder, 'model.json');
  const before = await weightsOf(path);
  const manifest = { ...rest, weightsManifest: [{ paths: [name], weights: weightSpecs }] };
  await writeFileAtomic(path, JSON.stringify(manifest));
  const old = before.filter((found) => isWeightsName(found) && found !== name);
  await Promise.all(old.map((found) => rm(join(folder, found), { force: true })));
  return { modelArtifactsInfo: { ...io.getModelArtifactsInfoForJSON(artifacts), dateSaved: new Date() } };
}

/** The files that a model.json names; none if there is none. */
const weightsOf = async (path: string): Promise<string[]> =>
  readFile(path)
    .then((bytes) => parseModelJson(bytes).weightsManifest.flatMap(({ paths }) => paths))
    .catch(() => []);

async function load(path: string): Promise<io.ModelArtifacts> {
  try {
    return await artifactsOf(path, await bytesOf(path));
  } catch (cause) {
    if (!(cause instanceof CovpoolError)) throw cause;
    throw new CovpoolError(cause.code, `load ${path}: ${cause.message}`, { cause });
  }
}

/** A model that is saved over this one while it is read takes its weights away, but there is another model.json then. */
async function artifactsOf(path: string, modelJson: Buffer): Promise<io.ModelArtifacts> {
  try {
    return await withWeights(path, modelJson);
  } catch (cause) {
    const now = await bytesOf(path);
    if (now.equals(modelJson)) throw cause;
    return artifactsOf(path, now);
  }
}

async function withWeights(path: string, modelJson: Buffer): Promise<io.ModelArtifacts> {
  const json = parseModelJson(modelJson);
  const { weightsManifest, ...rest } = json;
  const files = weightsManifest.flatMap(({ paths }) => paths.map((name) => join(dirname(path), name)));
  const weightData = new Uint8Array(Buffer.concat(await Promise.all(files.map(bytesOf)))).buffer;
  checkWeightBytes(json, weightData.byteLength);
  return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
}

const bytesOf = (path: string): Promise<Buffer> =>
  readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new CovpoolError('bad-input', `cannot read ${path} (${cause.code ?? cause.message})`, { cause });
  });
