import { checkArgument } from '@covpool/base';
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
import { defineKernel, type KernelCall } from '@covpool/core';

/** Places of the upper triangle, row by row with the diagonal, in the flattened d×d matrix. */
function upperPlaces(d: number): Int32Array {
  const places = new Int32Array((d * (d + 1)) / 2);
  let k = 0;
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) places[k++] = i * d + j;
  return places;
}

/** For every place of the d×d matrix where it finds its value in the vector; below the diagonal: `below(i, j)`. */
function matrixPlaces(d: number, below: (i: number, j: number) => number): Int32Array {
  const places = new Int32Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) places[i * d + j] = i <= j ? upperPlace(i, j, d) : below(i, j);
  return places;
}

const upperPlace = (i: number, j: number, d: number): number => i * d - (i * (i - 1)) / 2 + (j - i);

const take = (x: Tensor, places: Int32Array): Tensor => gather(x, tensor1d(places, 'int32'), 1);

const side = (length: number): number => (Math.sqrt(8 * length + 1) - 1) / 2;

/** [B,d,d] to [B,d(d+1)/2]; the gradient goes to the upper triangle, zeros below. */
const vectorizeKernel: KernelCall<{ a: Tensor }, Record<string, never>> = defineKernel<
  { a: Tensor },
  Record<string, never>
>({
  name: 'TriuVectorize',
  composed: ({ a }) => {
    const [batch, d] = a.shape as [number, number];
    return [take(reshape(a, [batch, d * d]), upperPlaces(d))];
  },
  gradient: {
    inputs: [],
    outputs: [false],
    compute: ([dy]) => ({ a: () => scatterKernel({ v: dy! }, {})[0]! }),
  },
});

/** [B,d(d+1)/2] to an upper triangular [B,d,d]: a gather with one more, zero, column stands in for a scatter. */
const scatterKernel: KernelCall<{ v: Tensor }, Record<string, never>> = defineKernel<
  { v: Tensor },
  Record<string, never>
>({
  name: 'TriuScatter',
  composed: ({ v }) => {
    const [batch, length] = v.shape as [number, number];
    const d = side(length);
    const padded = concat([v, zeros([batch, 1])], 1);
    return [
      reshape(
        take(
          padded,
          matrixPlaces(d, () => length),
        ),
        [batch, d, d],
      ),
    ];
  },
  gradient: {
    inputs: [],
    outputs: [false],
    compute: ([dy]) => ({ v: () => vectorizeKernel({ a: dy! }, {})[0]! }),
  },
});

/**
 * The upper triangle with the diagonal, row by row: `(0,0), (0,1), …, (0,d−1), (1,1), …`; no √2 on the others. The gradient
 * enters the upper triangle only, as in the references; symmetric layers below use `G + Gᵀ`.
 *
 * @param a [B,d,d]
 * @returns [B,d(d+1)/2]: 2,080 values for d = 64, 8,256 for 128, 32,896 for 256
 */
export function triuVectorize(a: Tensor3D): Tensor2D {
  checkArgument(
    a.rank === 3 && a.shape[1] === a.shape[2],
    () => `triuVectorize: matrices must be [B,d,d], got [${a.shape}]`,
  );
  return vectorizeKernel({ a }, {})[0] as Tensor2D;
}

/**
 * The symmetric matrices whose upper triangles these are: the inverse of `triuVectorize`.
 *
 * @param v [B,d(d+1)/2]
 * @returns [B,d,d]
 */
export function triuMatrix(v: Tensor2D): Tensor3D {
  const d = v.rank === 2 ? side(v.shape[1]) : Number.NaN;
  checkArgument(Number.isInteger(d), () => `triuMatrix: vectors must be [B,d(d+1)/2], got [${v.shape}]`);
  return tidy(() =>
    reshape(
      take(
        v,
        matrixPlaces(d, (i, j) => upperPlace(j, i, d)),
      ),
      [v.shape[0], d, d],
    ),
  );
}
