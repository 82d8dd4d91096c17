import { checkArgument } from '@covpool/base';
import { defineKernel, type HostArray, type KernelCall } from '@covpool/core';
import {
  concat,
  gather,
  reshape,
  type Tensor,
  tensor1d,
  type Tensor2D,
  type Tensor3D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { checkOrder, mirrorPlaces, scatterPlaces, type TriuOrder, upperPlaces } from './triu-places.ts';

export interface TriuOptions {
  /** How the triangle is packed: `'rows'` as in PyTorch's and ours, `'columns'` as in MatConvNet's and GSoP's code. */
  order?: TriuOrder;
}

type Resolved = Required<TriuOptions>;

const take = (x: Tensor, places: Int32Array): Tensor => gather(x, tensor1d(places, 'int32'), 1);
const side = (length: number): number => (Math.sqrt(8 * length + 1) - 1) / 2;

/** Calls back for each run of neighbours that stay neighbours: where it begins in the matrices and in the vectors, how long it is. */
function forRuns(
  [batch, d, order]: [number, number, TriuOrder],
  run: (inMatrix: number, inVector: number, length: number) => void,
): void {
  const places = upperPlaces(d, order);
  const { length } = places;
  for (let b = 0; b < batch; b++) {
    if (order === 'rows') {
      for (let i = 0, k = 0; i < d; k += d - i, i++) run((b * d + i) * d + i, b * length + k, d - i);
    } else {
      for (let k = 0; k < length; k++) run(b * d * d + places[k]!, b * length + k, 1);
    }
  }
}

/** Copies a run of numbers; a short one is quicker so than by `set`. */
function copyRun(from: HostArray['values'], start: number, to: Float32Array, at: number, length: number): void {
  if (length > 32) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

function vectorizeOnHost({ shape, values }: HostArray, order: TriuOrder): HostArray {
  const [batch, d] = shape as [number, number];
  const length = (d * (d + 1)) / 2;
  const to = new Float32Array(batch * length);
  forRuns([batch, d, order], (inMatrix, inVector, count) => copyRun(values, inMatrix, to, inVector, count));
  return { shape: [batch, length], values: to };
}

function scatterOnHost({ shape, values }: HostArray, order: TriuOrder): HostArray {
  const [batch, length] = shape as [number, number];
  const d = side(length);
  const to = new Float32Array(batch * d * d);
  forRuns([batch, d, order], (inMatrix, inVector, count) => copyRun(values, inVector, to, inMatrix, count));
  return { shape: [batch, d, d], values: to };
}

/** [B,d,d] to [B,d(d+1)/2]; the gradient goes to the upper triangle, zeros below. */
export const vectorizeKernel: KernelCall<{ a: Tensor }, Resolved> = defineKernel<{ a: Tensor }, Resolved>({
  name: 'TriuVectorize',
  composed: ({ a }, { order }) => {
    const [batch, d] = a.shape as [number, number];
    return [take(reshape(a, [batch, d * d]), upperPlaces(d, order))];
  },
  host: ({ a }, { order }) => [vectorizeOnHost(a, order)],
  gradient: {
    inputs: [],
    outputs: [false],
    compute: ([dy], _saved, options) => ({ a: () => scatterKernel({ v: dy! }, options)[0]! }),
  },
});

/** [B,d(d+1)/2] to an upper triangular [B,d,d]: a gather with one more, zero, column stands in for a scatter. */
export const scatterKernel: KernelCall<{ v: Tensor }, Resolved> = defineKernel<{ v: Tensor }, Resolved>({
  name: 'TriuScatter',
  composed: ({ v }, { order }) => {
    const [batch, length] = v.shape as [number, number];
    const d = side(length);
    const padded = concat([v, zeros([batch, 1])], 1);
    return [reshape(take(padded, scatterPlaces(d, order)), [batch, d, d])];
  },
  host: ({ v }, { order }) => [scatterOnHost(v, order)],
  gradient: {
    inputs: [],
    outputs: [false],
    compute: ([dy], _saved, options) => ({ v: () => vectorizeKernel({ a: dy! }, options)[0]! }),
  },
});

/**
 * The upper triangle with the diagonal, row by row unless `order` says otherwise: `(0,0), (0,1), …, (0,d−1), (1,1), …`; no √2
 * on the others. The gradient enters the upper triangle only, as in the references; symmetric layers below use `G + Gᵀ`.
 *
 * @param a [B,d,d]
 * @returns [B,d(d+1)/2]: 2,080 values for d = 64, 8,256 for 128, 32,896 for 256
 */
export function triuVectorize(a: Tensor3D, { order = 'rows' }: TriuOptions = {}): Tensor2D {
  checkOrder('triuVectorize', order);
  checkArgument(
    a.rank === 3 && a.shape[1] === a.shape[2],
    () => `triuVectorize: matrices must be [B,d,d], got [${a.shape}]`,
  );
  return vectorizeKernel({ a }, { order })[0] as Tensor2D;
}

/**
 * The symmetric matrices whose upper triangles these are: the inverse of `triuVectorize`.
 *
 * @param v [B,d(d+1)/2]
 * @returns [B,d,d]
 */
export function triuMatrix(v: Tensor2D, { order = 'rows' }: TriuOptions = {}): Tensor3D {
  checkOrder('triuMatrix', order);
  const d = v.rank === 2 ? side(v.shape[1]) : Number.NaN;
  checkArgument(Number.isInteger(d), () => `triuMatrix: vectors must be [B,d(d+1)/2], got [${v.shape}]`);
  return tidy(() => reshape(take(v, mirrorPlaces(d, order)), [v.shape[0], d, d]));
}
