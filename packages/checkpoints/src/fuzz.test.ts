import { CovpoolError, Random } from '@covpool/base';
import { saved } from '@covpool/testing';
import '@tensorflow/tfjs-backend-cpu';
import { io, memory, setBackend } from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { parseModelJson } from './model-json.ts';
import { mutate } from './mutate.fixture.ts';
import { readTorch } from './read-torch.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { float32Data, type TensorData } from './tensor-data.ts';
import { golden } from './torch-golden.fixture.ts';

const SEED = 6;
const FILES = 10_000;
const LIMIT = 30_000;

/** What reading may hold beside the file: its copies are bounded, and halves widen to twice their bytes. */
const MOST_COPIES = 8;

/** How many of the mutations of these files are read; each of the others is refused with an error of ours. */
function countRead(kind: string, originals: Uint8Array[], read: (bytes: Uint8Array) => unknown): number {
  const random = new Random(SEED, kind);
  let count = 0;
  for (let i = 0; i < FILES; i++) {
    const [original, other] = [originals[i % originals.length]!, originals[random.integer(originals.length)]!];
    const bytes = mutate(original, other, random);
    try {
      read(bytes);
      count++;
    } catch (cause) {
      if (!(cause instanceof CovpoolError)) throw new Error(`file ${i} of ${kind}`, { cause });
    }
  }
  return count;
}

function checkMemory(tensors: Map<string, TensorData>, bytes: Uint8Array): void {
  const copies = new Set(
    [...tensors.values()].map(({ data }) => data.buffer).filter((buffer) => buffer !== bytes.buffer),
  );
  const held = [...copies].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  expect(held).toBeLessThanOrEqual(MOST_COPIES * bytes.byteLength);
}

/** Some mutations must be harmless and some not, or the files never came into question. */
function expectBoth(count: number): void {
  expect(count).toBeGreaterThan(FILES / 100);
  expect(count).toBeLessThan((FILES * 9) / 10);
}

describe(`of ${FILES} mutated files each is read or refused`, () => {
  it.each([
    ['archives', ['types.zip.pth', 'layouts.zip.pth', 'checkpoint.zip.pth', 'zip64.zip.pth', 'protocol4.zip.pth']],
    ['streams', ['types.legacy.pth', 'layouts.legacy.pth', 'checkpoint.legacy.pth', 'refused-attack.legacy.pth']],
  ])(
    'PyTorch %s',
    (kind, names) => {
      const count = countRead(kind, names.map(golden), (bytes) => checkMemory(readTorch(bytes).tensors, bytes));
      expectBoth(count);
    },
    LIMIT,
  );

  it(
    'safetensors',
    () => {
      const tensors = new Map([
        ['conv1.weight', float32Data([2, 3, 1, 1], new Float32Array(6))],
        ['count', { dtype: 'I64', shape: [], data: new Uint8Array(8) } as const],
      ]);
      const file = new Uint8Array(Buffer.concat(writeSafetensors(tensors, { format: 'pt' })));
      expectBoth(countRead('safetensors', [file], (bytes) => checkMemory(readSafetensors(bytes).tensors, bytes)));
    },
    LIMIT,
  );

  it(
    'model.json',
    async () => {
      await setBackend('cpu');
      const [json, weightData] = await smallModel();
      const weightBytes = weightData.byteLength;
      const read: Uint8Array[] = [];
      const count = countRead('model.json', [new TextEncoder().encode(JSON.stringify(json))], (bytes) => {
        parseModelJson(bytes);
        read.push(bytes);
      });
      expectBoth(count);
      // What passes is built, too, as far as TensorFlow.js understands it: that takes no memory that the weights do not have.
      let built = 0;
      for (const bytes of read) {
        const { weightsManifest, ...rest } = parseModelJson(bytes);
        const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
        const before = memory();
        const model = await loadLayersModel(io.fromMemory({ ...rest, weightSpecs, weightData })).catch(
          (cause: unknown) => {
            expect(cause).toBeInstanceOf(Error);
            return undefined;
          },
        );
        expect(memory().numBytes - before.numBytes).toBeLessThanOrEqual(64 * 64 * 2 * weightBytes);
        if (model) built++;
        model?.dispose();
      }
      expect(built).toBeGreaterThan(count / 4);
      expect(built).toBeLessThan(count);
    },
    LIMIT,
  );
});

/** A convolution and a dense layer as they are saved. */
async function smallModel(): Promise<[object, ArrayBuffer]> {
  const net = sequential();
  net.add(layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [5, 5, 1] }));
  net.add(layers.globalAveragePooling2d({}));
  net.add(layers.dense({ units: 2, activation: 'relu' }));
  const { weightData, weightSpecs, modelTopology } = await saved(net);
  net.dispose();
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  return [{ modelTopology, weightsManifest }, io.CompositeArrayBuffer.join(weightData)];
}
