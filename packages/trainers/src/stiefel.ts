import { defineHostKernel, orthonormalColumns, type Retraction, timesTransposed, transposed } from '@covpool/core';
import { add, matMul, mul, sub, type Tensor, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * The part of E along the Stiefel manifold at W, `E − W sym(WᵀE)`: the Riemannian gradient of a Euclidean one in the embedded
 * metric, and the transport of a velocity to W.
 *
 * @param w [n,p] with orthonormal columns
 * @param e [n,p]
 */
export function alongStiefel(w: Tensor2D, e: Tensor2D): Tensor2D {
  return tidy(() => {
    const inner = matMul(w, e, true, false);
    return sub(e, matMul(w, mul(add(inner, transpose(inner)), 0.5)));
  });
}

/**
 * The point of the Stiefel manifold that a step `ξ = −lr·V` along it leads to from W, computed by the processor in float64, on
 * webgpu in float32:
 * - `qr`: Q of `W + ξ = QR` with a positive diagonal;
 * - `polar`: `(W + ξ)((W + ξ)ᵀ(W + ξ))^(−1/2)`, the nearest point;
 * - `cayley`: `(I − A/2)⁻¹(I + A/2) W` with the skew `A = PξWᵀ − WξᵀP`, `P = I − WWᵀ/2`.
 *
 * All have orthonormal columns whether those of W still are or not, so rounding does not add up over steps. Cost: about 4np²
 * multiply-adds, and for `polar` 3p³ for each of some ten iterations, for `cayley` 7p³. On webgpu `qr` takes two Cholesky factors,
 * `polar` 24 iterations of 2np²; there the largest singular value of `W + ξ` must not be beyond some 500 times the smallest, which is 1.
 */
export function retract(w: Tensor2D, velocity: Tensor2D, lr: number, retraction: Retraction): Tensor2D {
  return retractKernel({ w, velocity }, { lr, retraction })[0] as Tensor2D;
}

const retractKernel = defineHostKernel<{ w: Tensor; velocity: Tensor }, { lr: number; retraction: Retraction }>({
  name: 'StiefelRetraction',
  who: 'retract',
  compute: ({ w, velocity }, { lr, retraction }) => {
    const [n, p] = w.shape as [number, number];
    const step = Float64Array.from(velocity.values, (value) => -lr * value);
    const moved = retractionForms[retraction](Float64Array.from(w.values), step, n, p);
    return [{ shape: w.shape, values: Float32Array.from(moved) }];
  },
});

type Form = (w: Float64Array, step: Float64Array, n: number, p: number) => Float64Array;

const retractionForms: Record<Retraction, Form> = { qr: byQr, polar: byPolarFactor, cayley: byCayley };

const combined = (a: Float64Array, b: Float64Array, factor = 1): Float64Array =>
  a.map((value, i) => value + factor * b[i]!);

function byQr(w: Float64Array, step: Float64Array, n: number, p: number): Float64Array {
  return orthonormalColumns(combined(w, step), n, p);
}

/** By Newton–Schulz iteration towards the inverse root, which converges for every matrix of full rank. */
function byPolarFactor(w: Float64Array, step: Float64Array, n: number, p: number): Float64Array {
  const moved = combined(w, step);
  const gram = innerProducts(moved, moved, n, p, p);
  const norm = Math.sqrt(gram.reduce((sum, value) => sum + value * value, 0));
  let y: Float64Array = gram.map((value) => value / norm);
  let z: Float64Array = diagonal(p, 1);
  for (let iteration = 0; iteration < 100; iteration++) {
    const product = times(z, y, p, p, p);
    const rest = combined(diagonal(p, 1), product, -1);
    const t = combined(diagonal(p, 1), rest, 0.5);
    [y, z] = [times(y, t, p, p, p), times(t, z, p, p, p)];
    // The error is squared by every step, and the last one has been taken.
    if (rest.every((value) => Math.abs(value) < 1e-9)) break;
  }
  return times(moved, z, n, p, p).map((value) => value / Math.sqrt(norm));
}

/**
 * With `A = UVᵀ`, U = [Pξ, W] and V = [W, −Pξ], the inverse is one of a matrix of side 2p:
 * `(I − A/2)⁻¹(I + A/2) W = W + U (I − VᵀU/2)⁻¹ VᵀW`.
 */
function byCayley(w: Float64Array, step: Float64Array, n: number, p: number): Float64Array {
  const start = orthonormalColumns(w, n, p);
  const along = combined(step, times(start, innerProducts(start, step, n, p, p), n, p, p), -0.5);
  const [u, v] = [
    beside(along, start, n, p),
    beside(
      start,
      along.map((value) => -value),
      n,
      p,
    ),
  ];
  const system = combined(diagonal(2 * p, 1), innerProducts(v, u, n, 2 * p, 2 * p), -0.5);
  const solution = solve(system, innerProducts(v, start, n, 2 * p, p), 2 * p, p);
  return combined(start, times(u, solution, n, 2 * p, p));
}

function diagonal(side: number, value: number): Float64Array {
  const matrix = new Float64Array(side * side);
  for (let i = 0; i < side; i++) matrix[i * side + i] = value;
  return matrix;
}

/** `AB` of A [n,k] and B [k,m]. */
const times = (a: Float64Array, b: Float64Array, n: number, k: number, m: number): Float64Array =>
  timesTransposed(a, transposed(b, k, m), n, m, k);

/** `AᵀB` of A [n,k] and B [n,m]. */
const innerProducts = (a: Float64Array, b: Float64Array, n: number, k: number, m: number): Float64Array =>
  timesTransposed(transposed(a, n, k), transposed(b, n, m), k, m, n);

/** `[A, B]`, two [n,p] as one [n,2p]. */
function beside(a: Float64Array, b: Float64Array, n: number, p: number): Float64Array {
  const joined = new Float64Array(2 * n * p);
  for (let i = 0; i < n; i++) {
    joined.set(a.subarray(i * p, (i + 1) * p), 2 * i * p);
    joined.set(b.subarray(i * p, (i + 1) * p), (2 * i + 1) * p);
  }
  return joined;
}

/** `X` of `SX = B`, S [k,k] and B [k,m], by elimination with pivots; overwrites both. */
function solve(s: Float64Array, b: Float64Array, k: number, m: number): Float64Array {
  for (let column = 0; column < k; column++) {
    let pivot = column;
    for (let i = column + 1; i < k; i++) if (Math.abs(s[i * k + column]!) > Math.abs(s[pivot * k + column]!)) pivot = i;
    swapRows(s, k, column, pivot);
    swapRows(b, m, column, pivot);
    for (let i = 0; i < k; i++) {
      if (i === column) continue;
      const factor = s[i * k + column]! / s[column * k + column]!;
      for (let j = column; j < k; j++) s[i * k + j]! -= factor * s[column * k + j]!;
      for (let j = 0; j < m; j++) b[i * m + j]! -= factor * b[column * m + j]!;
    }
  }
  return b.map((value, at) => value / s[Math.floor(at / m) * (k + 1)]!);
}

function swapRows(a: Float64Array, width: number, i: number, j: number): void {
  const held = a.slice(i * width, (i + 1) * width);
  a.copyWithin(i * width, j * width, (j + 1) * width);
  a.set(held, j * width);
}
