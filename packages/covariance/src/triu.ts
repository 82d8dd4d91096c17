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

/** A list of places for each side d of the matrices, made at its first use. */
function perSide(make: (d: number) => Int32Array): (d: number) => Int32Array {
  const made = new Map<number, Int32Array>();
  return (d) => {
    let places = made.get(d);
    if (!places) made.set(d, (places = make(d)));
    return places;
  };
}

/** Where (i, j) of the upper triangle, i ≤ j, stands in the vector. */
const upperPlace = (i: number, j: number, d: number): number => i * d - (i * (i - 1)) / 2 + (j - i);

/** Where each value of the vector stands in the flattened matrix. */
const upperPlaces = perSide((d) => {
  const places = new Int32Array((d * (d + 1)) / 2);
  let k = 0;
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) places[k++] = i * d + j;
  return places;
});

/** Where each value of the matrix stands in the vector; those below the diagonal in one more column, of zeros. */
const scatterPlaces = perSide((d) => {
  const places = new Int32Array(d * d).fill((d * (d + 1)) / 2);
  upperPlaces(d).forEach((place, k) => (places[place] = k));
  return places;
});

/** The same, with mirror images below the diagonal. */
const mirrorPlaces = perSide((d) =>
  Int32Array.from({ length: d * d }, (_, place) => {
    const [i, j] = [Math.floor(place / d), place % d];
    return upperPlace(Math.min(i, j), Math.max(i, j), d);
  }),
);

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
    return [reshape(take(padded, scatterPlaces(d)), [batch, d, d])];
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
  return tidy(() => reshape(take(v, mirrorPlaces(d)), [v.shape[0], d, d]));
}
