import type { TensorInfo } from '@tensorflow/tfjs-core';
import { groupSum } from '../group-reductions.ts';
import { product } from '../product.ts';
import { dispatch, free, output } from '../program.ts';
import { spectra } from '../symmetric-eigen.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { covarianceGradientKernel, covarianceKernel } from './covariance.ts';
import { eigenvalueAt, fromEigenbasis, vectorAt } from './eigh.ts';
import type { Rule } from './loewner.ts';
import { type WebgpuKernel, webgpuKernel } from './registration.ts';

/** A function of symmetric matrices through their eigenvalues, `U diag(s·h(λ)) Uᵀ`, in WGSL. */
export interface SpectralFamily<Attributes> {
  /** Stem of the kernels' names. */
  name: string;
  /** Numbers for the expressions, `sizes.name`. */
  settings: (attributes: Attributes, d: number) => { sizes?: Record<string, number>; scalars?: Record<string, number> };
  /** `fn kept(value, top, i) -> f32`, what eigenvalue i counts as, `top` the largest; `fn h(lambda) -> f32`, `fn slope(lambda) -> f32`. */
  functions: string;
  /** s by a total over eigenvalues; absent: 1. */
  factor?: {
    /** What `lambda`, the eigenvalue `i`, adds to the total. */
    term: string;
    /** s of the `total`. */
    s: string;
    /** ∂ log s/∂λ_i at `a`, with `total` and `s`. */
    logSlope: string;
  };
  rule: (attributes: Attributes) => Rule;
}

/** Numbers behind the eigenvalues and the function in a map. */
const NUMBERS = 4;

const mapLength = (d: string): string => `(2u * ${d} + ${NUMBERS}u)`;

/** Of each matrix: its eigenvalues as they count, `f = s·h`, and s, their sum, the smallest gap and the total of s. */
const mapCode = <A>({ functions, factor }: SpectralFamily<A>): string => `${functions}
fn eigenvalue(batch: u32, i: u32) -> f32 {
  let d = sizes.d;
  return kept(${eigenvalueAt('d', 'i')}, ${eigenvalueAt('d', '0u')}, i);
}
fn run(batch: u32, thread: u32) {
  let d = sizes.d;
  let at = batch * ${mapLength('d')};
  var own = 0.0;
  var counted = 0.0;
  for (var i = thread; i < d; i += THREADS) {
    let lambda = eigenvalue(batch, i);
    map[at + i] = lambda;
    own += lambda;
    counted += ${factor?.term ?? '0.0'};
  }
  let sum = groupSum(thread, own);
  let total = groupSum(thread, counted);
  let s = ${factor?.s ?? '1.0'};
  for (var i = thread; i < d; i += THREADS) { map[at + d + i] = s * h(map[at + i]); }
  if (thread == 0u) {
    var smallest = 0.0;
    for (var i = 1u; i < d; i++) {
      let gap = eigenvalue(batch, i - 1u) - eigenvalue(batch, i);
      if (gap > 0.0 && (smallest == 0.0 || gap < smallest)) { smallest = gap; }
    }
    map[at + 2u * d] = s;
    map[at + 2u * d + 1u] = sum;
    map[at + 2u * d + 2u] = smallest;
    map[at + 2u * d + 3u] = total;
  }
}
`;

/** In place of `H = U sym(G) Uᵀ` the gradient in the eigenbasis, and what is added to all of the diagonal. */
function slopesCode<A>({ functions, factor, rule }: SpectralFamily<A>, attributes: A): string {
  const { functions: more = '', entry, diagonal = 's * slope(a)', shift = '0.0' } = rule(attributes);
  return `${functions}
var<private> smallestGap: f32;
${more}
fn run(batch: u32, thread: u32) {
  let d = sizes.d;
  let at = batch * ${mapLength('d')};
  let s = map[at + 2u * d];
  let sum = map[at + 2u * d + 1u];
  smallestGap = map[at + 2u * d + 2u];
  let total = map[at + 2u * d + 3u];
  var along = 0.0;
  var added = 0.0;
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
      value = value * ${diagonal} + innerProduct * (${factor?.logSlope ?? '0.0'});
    } else {
      value *= ${entry};
    }
    inner[batch * d * d + index] = value;
  }
}
`;
}

/** The map of eigenvalues [B,2d+4] of spectra [B,1+d,d]. */
function mapOf<A>(backend: RecordingBackend, family: SpectralFamily<A>, state: TensorInfo, attributes: A): TensorInfo {
  const [batch, , d] = state.shape as [number, number, number];
  const map = output(backend, [batch, 2 * d + NUMBERS]);
  const program = { label: `${family.name}Map`, threads: 64, code: mapCode(family), helpers: [groupSum] };
  dispatch(backend, program, { reads: { state }, writes: { map }, ...numbers(family, attributes, d), groups: batch });
  return map;
}

const numbers = <A>({ settings }: SpectralFamily<A>, attributes: A, d: number) => {
  const { sizes, scalars } = settings(attributes, d);
  return { sizes: { d, ...sizes }, scalars };
};

/** `U diag(f) Uᵀ` and the spectra. */
function imageOf<A>(backend: RecordingBackend, family: SpectralFamily<A>, a: TensorInfo, attributes: A): TensorInfo[] {
  const [batch, d] = a.shape as [number, number];
  const state = spectra(backend, a);
  const map = mapOf(backend, family, state, attributes);
  const result = output(backend, a.shape);
  product(backend, {
    label: family.name,
    reads: { state, map },
    writes: { result },
    batch,
    rows: d,
    columns: d,
    depth: d,
    left: `map[batch * ${mapLength('sizes.rows')} + sizes.rows + k] * ${vectorAt('sizes.rows', 'k', 'i')}`,
    right: vectorAt('sizes.rows', 'k', 'j'),
    leftFast: 'outer',
    symmetric: true,
    store: 'result[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  free(backend, map);
  return [result, state];
}

function gradientOf<A>(
  backend: RecordingBackend,
  family: SpectralFamily<A>,
  dy: TensorInfo,
  state: TensorInfo,
  attributes: A,
): TensorInfo {
  const [batch, d] = dy.shape as [number, number];
  const square = { batch, rows: d, columns: d, depth: d };
  const turned = output(backend, dy.shape);
  product(backend, {
    label: `${family.name}Turned`,
    reads: { dy, state },
    writes: { turned },
    ...square,
    left: vectorAt('sizes.rows', 'i', 'k'),
    right: `0.5 * (dy[(batch * sizes.rows + k) * sizes.rows + j] + dy[(batch * sizes.rows + j) * sizes.rows + k])`,
    store: 'turned[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  const inner = output(backend, dy.shape);
  product(backend, {
    label: `${family.name}Inner`,
    reads: { turned, state },
    writes: { inner },
    ...square,
    left: 'turned[(batch * sizes.rows + i) * sizes.rows + k]',
    right: vectorAt('sizes.rows', 'j', 'k'),
    rightFast: 'inner',
    symmetric: true,
    store: 'inner[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  const map = mapOf(backend, family, state, attributes);
  const shift = output(backend, [batch]);
  const program = {
    label: `${family.name}Slopes`,
    threads: 64,
    code: slopesCode(family, attributes),
    helpers: [groupSum],
  };
  const writes = { inner, shift };
  dispatch(backend, program, { reads: { map }, writes, ...numbers(family, attributes, d), groups: batch });
  const da = fromEigenbasis(backend, inner, state, shift);
  free(backend, turned, inner, map, shift);
  return da;
}

/** The kernels of a family, of matrices and of the covariance of rows, each with its gradient, by the names that @covpool/matrix-power calls. */
export function spectralKernels<A extends object>(family: SpectralFamily<A>): WebgpuKernel[] {
  type RowAttributes = A & { centering: boolean };
  const { name } = family;
  return [
    webgpuKernel<'a', A>(`${name}OfMatrix`, (backend, { a }, attributes) => imageOf(backend, family, a, attributes)),
    webgpuKernel<'dy' | 'state', A>(`${name}OfMatrixGradient`, (backend, { dy, state }, attributes) => [
      gradientOf(backend, family, dy, state, attributes),
    ]),
    // The covariance is formed first: in float32 nothing is gained by decomposing the rows themselves.
    webgpuKernel<'x', RowAttributes>(`${name}OfRows`, (backend, { x }, attributes) => {
      const [sigma] = covarianceKernel.compute(backend, { x }, attributes);
      const outputs = imageOf(backend, family, sigma!, attributes);
      free(backend, sigma!);
      return outputs;
    }),
    webgpuKernel<'dy' | 'x' | 'state', RowAttributes>(
      `${name}OfRowsGradient`,
      (backend, { dy, x, state }, attributes) => {
        const dSigma = gradientOf(backend, family, dy, state, attributes);
        const [dx] = covarianceGradientKernel.compute(backend, { dy: dSigma, x }, attributes);
        free(backend, dSigma);
        return [dx!];
      },
    ),
  ];
}
