import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { io } from '@tensorflow/tfjs-core';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkWeightBytes, parseModelJson } from './model-json.ts';

const SCHEME = 'file://';
const WEIGHTS = 'weights.bin';

let registered = false;

/**
 * Lets TensorFlow.js save to and load from `file://` in Node, where without tfjs-node it cannot:
 *
 * ```ts
 * registerFileHandler();
 * await model.save('file://net'); // a folder with model.json and weights.bin
 * const same = await loadLayersModel('file://net/model.json');
 * ```
 * What follows the scheme is a path, relative or absolute. Each file is replaced whole, the weights first.
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
  await writeFileAtomic(join(folder, WEIGHTS), new Uint8Array(io.CompositeArrayBuffer.join(weightData)));
  const manifest = { ...rest, weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs }] };
  await writeFileAtomic(join(folder, 'model.json'), JSON.stringify(manifest));
  return { modelArtifactsInfo: { ...io.getModelArtifactsInfoForJSON(artifacts), dateSaved: new Date() } };
}

async function load(path: string): Promise<io.ModelArtifacts> {
  const bytes = (name: string) =>
    readFile(name).catch((cause: NodeJS.ErrnoException) => {
      throw new CovpoolError('bad-input', `cannot read ${name} (${cause.code ?? cause.message})`, { cause });
    });
  try {
    const json = parseModelJson(await bytes(path));
    const { weightsManifest, ...rest } = json;
    const parts = await Promise.all(
      weightsManifest.flatMap(({ paths }) => paths.map((name) => bytes(join(dirname(path), name)))),
    );
    const weightData = new Uint8Array(Buffer.concat(parts)).buffer;
    checkWeightBytes(json, weightData.byteLength);
    return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
  } catch (cause) {
    if (cause instanceof CovpoolError) throw new CovpoolError(cause.code, `load ${path}: ${cause.message}`, { cause });
    throw cause;
  }
}
