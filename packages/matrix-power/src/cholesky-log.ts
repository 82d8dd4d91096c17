import { checkArgument } from '@covpool/base';
import { defineHostKernel, type HostArray, timesTransposed } from '@covpool/core';
import { asRows } from '@covpool/covariance';
import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { choleskyFactor, choleskyGradient } from './cholesky-factor.ts';
import { centredRows, innerProducts } from './spectrum.ts';

export interface CholeskyLogOptions {
  /** Added to the diagonal, and the least that a pivot may be. */
  epsilon?: number;
}

type Attributes = Required<CholeskyLogOptions>;

export function checkCholesky(who: string, epsilon: number): void {
  checkArgument(
    epsilon > 0 && Number.isFinite(epsilon),
    () => `${who}: epsilon must be a positive number, got ${epsilon}`,
  );
}

/** `L_strict + L_strictᵀ + 2 diag(log L_ii)`. */
function logImage(l: Float64Array, d: number, to: Float32Array): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) to[i * d + j] = to[j * d + i] = l[i * d + j]!;
    to[i * d + i] = 2 * Math.log(l[i * d + i]!);
  }
}

/** The gradient with respect to A from that with respect to the image. */
function logGradient(l: Float64Array, dy: ArrayLike<number>, d: number, epsilon: number): Float64Array {
  const dl = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) dl[i * d + j] = dy[i * d + j]! + dy[j * d + i]!;
    dl[i * d + i] = (2 * dy[i * d + i]!) / l[i * d + i]!;
  }
  return choleskyGradient(l, dl, d, epsilon);
}

/** Entry b of a batch, as a view. */
function entry<T extends HostArray['values']>(values: T, size: number, b: number): T {
  return values.subarray(b * size, (b + 1) * size) as T;
}

/** Images of a batch of matrices. The factors are computed again for the gradient. */
function images(batch: number, d: number, factor: (b: number) => Float64Array): HostArray[] {
  const values = new Float32Array(batch * d * d);
  for (let b = 0; b < batch; b++) logImage(factor(b), d, entry(values, d * d, b));
  return [{ shape: [batch, d, d], values }];
}

const ofMatrixGradient = defineHostKernel<{ dy: Tensor; a: Tensor }, Attributes>({
  name: 'CholeskyLogGradient',
  who: 'choleskyLog',
  compute({ dy, a }, { epsilon }) {
    const [batch, d] = a.shape as [number, number];
    const values = new Float32Array(a.values.length);
    for (let b = 0; b < batch; b++) {
      const l = choleskyFactor(entry(a.values, d * d, b), d, epsilon);
      values.set(logGradient(l, entry(dy.values, d * d, b), d, epsilon), b * d * d);
    }
    return [{ shape: a.shape, values }];
  },
});

const ofMatrix = defineHostKernel<{ a: Tensor }, Attributes>({
  name: 'CholeskyLog',
  who: 'choleskyLog',
  compute({ a }, { epsilon }) {
    const [batch, d] = a.shape as [number, number];
    return images(batch, d, (b) => choleskyFactor(entry(a.values, d * d, b), d, epsilon));
  },
  gradient: {
    inputs: ['a'],
    outputs: [false],
    compute: ([dy], [a], attributes) => ({ a: () => ofMatrixGradient({ dy: dy!, a: a! }, attributes)[0]! }),
  },
});

const ofRowsGradient = defineHostKernel<{ dy: Tensor; x: Tensor }, Attributes>({
  name: 'CholeskyLogOfRowsGradient',
  who: 'choleskyLogCov',
  compute({ dy, x }, { epsilon }) {
    const [batch, count, d] = x.shape as [number, number, number];
    const values = new Float32Array(x.values.length);
    for (let b = 0; b < batch; b++) {
      const rows = centredRows(entry(x.values, count * d, b), count, d);
      const l = choleskyFactor(innerProducts(rows, count, d), d, epsilon);
      const da = logGradient(l, entry(dy.values, d * d, b), d, epsilon);
      // X̄ dA, as dA is symmetric.
      const product = timesTransposed(rows, da, count, d, d);
      values.set(
        product.map((value) => (2 / count) * value),
        b * count * d,
      );
    }
    return [{ shape: x.shape, values }];
  },
});

const ofRows = defineHostKernel<{ x: Tensor }, Attributes>({
  name: 'CholeskyLogOfRows',
  who: 'choleskyLogCov',
  compute({ x }, { epsilon }) {
    const [batch, count, d] = x.shape as [number, number, number];
    return images(batch, d, (b) => {
      const rows = centredRows(entry(x.values, count * d, b), count, d);
      return choleskyFactor(innerProducts(rows, count, d), d, epsilon);
    });
  },
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dy], [x], attributes) => ({ x: () => ofRowsGradient({ dy: dy!, x: x! }, attributes)[0]! }),
  },
});

/**
 * The logarithm of the Cholesky factor (Cho-TMLR, Chen, Song, Wu, Liu & Sebe, ICLR 2025): with `A + εI = L Lᵀ`,
 * `L_strict + L_strictᵀ + 2 diag(log L_ii)`. The order of the channels matters.
 *
 * Computed by the processor in float64, on webgpu in float32; the gradient is that of the factorisation. Pivots that rounding takes
 * below ε are raised to it: a zero matrix gives `log ε` on the diagonal, with gradient 0 there. In float32 a pivot is known to within some
 * d·2⁻²⁴ of the largest A_ii: where the rank is low, choose an ε well above that.
 *
 * Cost: d³/6 multiply-adds forward, d³/2 backward; the input alone is kept.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the lower triangle is read, the gradient is the symmetric one
 * @returns [B,d,d], symmetric
 * @throws unsupported on webgl
 */
export function choleskyLog(a: Tensor3D, { epsilon = 1e-6 }: CholeskyLogOptions = {}): Tensor3D {
  checkArgument(
    a.rank === 3 && a.shape[1] === a.shape[2],
    () => `choleskyLog: matrices must be [B,d,d], got [${a.shape}]`,
  );
  checkCholesky('choleskyLog', epsilon);
  return ofMatrix({ a }, { epsilon })[0] as Tensor3D;
}

/**
 * `choleskyLog` of the covariance of features, itself computed in float64 where that is: a covariance of rank below d, rounded to
 * float32, has pivots of either sign where there is nothing but ε.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d], symmetric
 * @throws unsupported on webgl
 */
export function choleskyLogCov(x: Tensor, { epsilon = 1e-6 }: CholeskyLogOptions = {}): Tensor3D {
  checkCholesky('choleskyLogCov', epsilon);
  return tidy(() => ofRows({ x: asRows('choleskyLogCov', x) }, { epsilon })[0] as Tensor3D);
}
