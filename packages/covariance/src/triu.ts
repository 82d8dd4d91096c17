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

function vectorizeOnHost({ shape, values }: HostArray, order: TriuOrder): HostArray {
  const [batch, d] = shape as [number, number];
  const places = upperPlaces(d, order);
  const { length } = places;
  const to = new Float32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const from = values.subarray(b * d * d, (b + 1) * d * d);
    const at = b * length;
    for (let k = 0; k < length; k++) to[at + k] = from[places[k]!]!;
  }
  return { shape: [batch, length], values: to };
}

function scatterOnHost({ shape, values }: HostArray, order: TriuOrder): HostArray {
  const [batch, length] = shape as [number, number];
  const d = side(length);
  const places = upperPlaces(d, order);
  const all = new Float32Array(batch * d * d);
  for (let b = 0; b < batch; b++) {
    const to = all.subarray(b * d * d, (b + 1) * d * d);
    const at = b * length;
    for (let k = 0; k < length; k++) to[places[k]!] = values[at + k]!;
  }
  return { shape: [batch, d, d], values: all };
}

/** [B,d,d] to [B,d(d+1)/2]; the gradient goes to the upper triangle, zeros below. */
const vectorizeKernel: KernelCall<{ a: Tensor }, Resolved> = defineKernel<{ a: Tensor }, Resolved>({
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
const scatterKernel: KernelCall<{ v: Tensor }, Resolved> = defineKernel<{ v: Tensor }, Resolved>({
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
