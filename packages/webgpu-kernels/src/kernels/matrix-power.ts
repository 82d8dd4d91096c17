import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GROUP_SUM } from '../group-sum.ts';
import { product } from '../product.ts';
import { dispatch, free, output } from '../program.ts';
import { spectra } from '../symmetric-eigen.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { covarianceGradientKernel, covarianceKernel } from './covariance.ts';
import { eigenvalueAt, fromEigenbasis, vectorAt } from './eigh.ts';
import { type PowerGradient, ruleOf } from './loewner.ts';
import { webgpuKernel } from './registration.ts';

/** The options of @covpool/matrix-power's matrixPower, all given. Float32 here whatever the precision. */
interface Attributes {
  alpha: number;
  epsilon: number;
  norm: 'none' | 'm-l2' | 'm-fro';
  gradient: PowerGradient;
  small: 'cut' | 'floor';
}

/** `h(λ) = (λ + ε)^α` and its slope; the square root by itself, which is rounded correctly or nearly so. */
const POWER = `
fn power(lambda: f32) -> f32 {
  if (sizes.cut == 1u && lambda <= 0.0) { return 0.0; }
  if (sizes.alpha == 0.5) { return sqrt(lambda + sizes.epsilon); }
  return pow(lambda + sizes.epsilon, sizes.alpha);
}
fn powerSlope(lambda: f32) -> f32 {
  if (sizes.cut == 1u && lambda <= 0.0) { return 0.0; }
  if (sizes.alpha == 0.5) { return 0.5 / sqrt(lambda + sizes.epsilon); }
  return sizes.alpha * pow(lambda + sizes.epsilon, sizes.alpha - 1.0);
}
`;

/**
 * Of each matrix: its eigenvalues with the small ones cut (to 0) or raised, `f = s·h`, and the numbers s, their sum and the smallest gap.
 * Cut is what lies below the error of float32 eigenvalues, about 4√d·2⁻²⁴ of the largest, or MPN-COV's spacing of float32
 * numbers; the floor is DifferentiableSVD's for float32, 2⁻²³.
 */
const MAP = `${GROUP_SUM}${POWER}
fn eigenvalue(batch: u32, i: u32) -> f32 {
  let d = sizes.d;
  let value = ${eigenvalueAt('d', 'i')};
  if (sizes.cut == 1u) {
    let top = ${eigenvalueAt('d', '0u')};
    let noise = max(4.0 * sqrt(f32(d)) * 0x1p-24, 0x1p-23);
    return select(0.0, value, value > noise * max(top, 0.0));
  }
  return select(0x1p-23, max(value, 0x1p-23), i < sizes.top);
}
fn run(batch: u32, thread: u32) {
  let d = sizes.d;
  let at = batch * (2u * d + 3u);
  var total = 0.0;
  var squares = 0.0;
  for (var i = thread; i < d; i += THREADS) {
    let lambda = eigenvalue(batch, i);
    map[at + i] = lambda;
    total += lambda;
    let h = power(lambda);
    if (sizes.norm == 2u || (sizes.norm == 1u && i == 0u)) { squares += h * h; }
  }
  let sum = groupSum(thread, total);
  let counted = groupSum(thread, squares);
  let s = select(1.0, inverseSqrt(counted), counted > 0.0);
  for (var i = thread; i < d; i += THREADS) { map[at + d + i] = s * power(map[at + i]); }
  if (thread == 0u) {
    var smallest = 0.0;
    for (var i = 1u; i < d; i++) {
      let gap = eigenvalue(batch, i - 1u) - eigenvalue(batch, i);
      if (gap > 0.0 && (smallest == 0.0 || gap < smallest)) { smallest = gap; }
    }
    map[at + 2u * d] = s;
    map[at + 2u * d + 1u] = sum;
    map[at + 2u * d + 2u] = smallest;
  }
}
`;

const settings = ({ alpha, epsilon, norm, gradient, small }: Attributes, d: number) => ({
  sizes: {
    d,
    cut: Number(small === 'cut'),
    norm: ['none', 'm-l2', 'm-fro'].indexOf(norm),
    // SVD-TopN keeps 206 of 256.
    top: gradient === 'topn' ? Math.round((206 / 256) * d) : d,
  },
  scalars: { alpha, epsilon },
});

/** The map of eigenvalues [B,2d+3] of spectra [B,1+d,d]. */
function mapOf(backend: RecordingBackend, state: TensorInfo, attributes: Attributes): TensorInfo {
  const [batch, , d] = state.shape as [number, number, number];
  const map = output(backend, [batch, 2 * d + 3]);
  const program = { label: 'MatrixPowerMap', threads: 64, code: MAP };
  dispatch(backend, program, { reads: { state }, writes: { map }, ...settings(attributes, d), groups: batch });
  return map;
}

/** `U diag(f) Uᵀ` and the spectra. */
function powerOf(backend: RecordingBackend, a: TensorInfo, attributes: Attributes): TensorInfo[] {
  const [batch, d] = a.shape as [number, number];
  const state = spectra(backend, a);
  const map = mapOf(backend, state, attributes);
  const result = output(backend, a.shape);
  product(backend, {
    label: 'MatrixPower',
    reads: { state, map },
    writes: { result },
    batch,
    rows: d,
    columns: d,
    depth: d,
    left: `map[batch * (2u * sizes.rows + 3u) + sizes.rows + k] * ${vectorAt('sizes.rows', 'k', 'i')}`,
    right: vectorAt('sizes.rows', 'k', 'j'),
    leftFast: 'outer',
    symmetric: true,
    store: 'result[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  free(backend, map);
  return [result, state];
}

/** In place of `H = U sym(G) Uᵀ` the gradient in the eigenbasis, and what is added to all of the diagonal. */
function loewner({ gradient, small }: Attributes): string {
  const { functions = '', entry, diagonal = 's * powerSlope(a)', shift = '0.0' } = ruleOf(gradient, small);
  return `${GROUP_SUM}${POWER}
var<private> smallestGap: f32;
${functions}
fn run(batch: u32, thread: u32) {
  let d = sizes.d;
  let at = batch * (2u * d + 3u);
  let s = map[at + 2u * d];
  let total = map[at + 2u * d + 1u];
  smallestGap = map[at + 2u * d + 2u];
  var along = 0.0;
  var added = 0.0;
  var squares = 0.0;
  for (var i = thread; i < d; i += THREADS) {
    let a = map[at + i];
    let own = inner[(batch * d + i) * d + i];
    along += map[at + d + i] * own;
    added += (${shift}) * own;
  }
  let innerProduct = groupSum(thread, along);
  let toDiagonal = groupSum(thread, added);
  if (thread == 0u) { shift[batch] = toDiagonal; }
  for (var index = thread; index < d * d; index += THREADS) {
    let i = index / d;
    let j = index % d;
    let a = map[at + i];
    let b = map[at + j];
    let fa = map[at + d + i];
    let fb = map[at + d + j];
    var value = inner[batch * d * d + index];
    if (i == j) {
      value *= ${diagonal};
      // log s = −log(Σ h²)/2 over the eigenvalues that count
      if (sizes.norm == 2u || (sizes.norm == 1u && i == 0u)) {
        value -= innerProduct * s * s * power(a) * powerSlope(a);
      }
    } else if (sizes.cut == 1u && a <= 0.0 && b <= 0.0) {
      value = 0.0;
    } else {
      value *= ${entry};
    }
    inner[batch * d * d + index] = value;
  }
}
`;
}

function gradientOf(backend: RecordingBackend, dy: TensorInfo, state: TensorInfo, attributes: Attributes): TensorInfo {
  const [batch, d] = dy.shape as [number, number];
  const square = { batch, rows: d, columns: d, depth: d };
  const turned = output(backend, dy.shape);
  product(backend, {
    label: 'MatrixPowerTurned',
    reads: { dy, state },
    writes: { turned },
    ...square,
    left: vectorAt('sizes.rows', 'i', 'k'),
    right: `0.5 * (dy[(batch * sizes.rows + k) * sizes.rows + j] + dy[(batch * sizes.rows + j) * sizes.rows + k])`,
    store: 'turned[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  const inner = output(backend, dy.shape);
  product(backend, {
    label: 'MatrixPowerInner',
    reads: { turned, state },
    writes: { inner },
    ...square,
    left: 'turned[(batch * sizes.rows + i) * sizes.rows + k]',
    right: vectorAt('sizes.rows', 'j', 'k'),
    rightFast: 'inner',
    symmetric: true,
    store: 'inner[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  const map = mapOf(backend, state, attributes);
  const shift = output(backend, [batch]);
  const program = { label: 'MatrixPowerLoewner', threads: 64, code: loewner(attributes) };
  dispatch(backend, program, { reads: { map }, writes: { inner, shift }, ...settings(attributes, d), groups: batch });
  const da = fromEigenbasis(backend, inner, state, shift);
  free(backend, turned, inner, map, shift);
  return da;
}

export const matrixPowerKernel = webgpuKernel<'a', Attributes>('MatrixPowerOfMatrix', (backend, { a }, attributes) =>
  powerOf(backend, a, attributes),
);

export const matrixPowerGradientKernel = webgpuKernel<'dy' | 'state', Attributes>(
  'MatrixPowerOfMatrixGradient',
  (backend, { dy, state }, attributes) => [gradientOf(backend, dy, state, attributes)],
);

type RowAttributes = Attributes & { centering: boolean };

/** Of the covariance of rows, which is formed first: in float32 nothing is gained by decomposing the rows themselves. */
export const matrixPowerOfRowsKernel = webgpuKernel<'x', RowAttributes>(
  'MatrixPowerOfRows',
  (backend, { x }, attributes) => {
    const [sigma] = covarianceKernel.compute(backend, { x }, attributes);
    const outputs = powerOf(backend, sigma!, attributes);
    free(backend, sigma!);
    return outputs;
  },
);

export const matrixPowerOfRowsGradientKernel = webgpuKernel<'dy' | 'x' | 'state', RowAttributes>(
  'MatrixPowerOfRowsGradient',
  (backend, { dy, x, state }, attributes) => {
    const dSigma = gradientOf(backend, dy, state, attributes);
    const [dx] = covarianceGradientKernel.compute(backend, { dy: dSigma, x }, attributes);
    free(backend, dSigma);
    return [dx!];
  },
);
