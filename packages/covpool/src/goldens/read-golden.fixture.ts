import { readdirSync, readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';

/** A tensor as it stands in a golden file. */
export interface GoldenTensor {
  shape: number[];
  values?: number[];
  /** In place of values: the multiples of the golden ratio modulo 1, on 256 levels between ±scale/2. */
  weyl?: { seed: number; scale: number };
}

/** One call of a function: its value, and the gradient of ⟨cotangent, value⟩ to each input that has one. */
export interface GoldenCase {
  label: string;
  options: Record<string, unknown>;
  inputs: Record<string, GoldenTensor>;
  /** What the function takes beside, without gradient. */
  constants?: Record<string, GoldenTensor>;
  cotangent: GoldenTensor;
  outputs: GoldenTensor;
  gradients: Record<string, GoldenTensor>;
}

export interface Golden {
  /** The inputs that are symmetric matrices: their gradients are the symmetrised ones. */
  symmetric: string[];
  cases: GoldenCase[];
}

/** Names of the files that tools/torch-goldens wrote. */
export function goldenNames(): string[] {
  return readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

export function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Golden;
}

export function goldenValues({ shape, values, weyl }: GoldenTensor): Float32Array {
  if (values) return Float32Array.from(values);
  const { seed, scale } = weyl!;
  const length = shape.reduce((product, extent) => product * extent, 1);
  return Float32Array.from(
    { length },
    (_, i) => (((Math.imul(i + 1 + seed, 2654435761) >>> 24) - 127.5) / 256) * scale,
  );
}

export function fromGolden(golden: GoldenTensor): Tensor {
  return tensor(goldenValues(golden), golden.shape);
}
