import type { TensorInfo } from '@tensorflow/tfjs-core';
import { choleskyFactors, choleskyThreads, raisedRoot } from '../cholesky-factor.ts';
import { groupSum } from '../group-reductions.ts';
import { dispatch, free, output } from '../program.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { covarianceGradientKernel, covarianceKernel } from './covariance.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  epsilon: number;
}

/**
 * The steps of the factorisation in reverse. With S the gradient by the numbers that its square roots and divisions are given, in
 * both triangles and twice on the diagonal, that by L is `G_ik − Σ_{j>k} S_ij L_jk`, and S_ik that over the pivot L_kk: column by
 * column from the last, each made of the ones behind it. S/2 is the symmetric gradient by A. Raised pivots pass nothing on.
 */
const GRADIENT = `
fn run(group: u32, thread: u32) {
  let d = sizes.d;
  let at = group * d * d;
  for (var step = 0u; step < d; step++) {
    let k = d - 1u - step;
    let pivot = l[at + k * d + k];
    var part = 0.0;
    for (var i = k + 1u + thread; i < d; i += THREADS) {
      var rest = dy[at + i * d + k] + dy[at + k * d + i];
      for (var j = k + 1u; j < d; j++) { rest -= da[at + j * d + i] * l[at + k * d + j]; }
      let s = rest / pivot;
      da[at + i * d + k] = s;
      da[at + k * d + i] = s;
      part += s * l[at + k * d + i];
    }
    let along = groupSum(thread, part);
    if (thread == 0u) {
      let own = (2.0 * dy[at + k * d + k] / pivot - along) / pivot;
      da[at + k * d + k] = select(own, 0.0, pivot == sizes.raised);
    }
    storageBarrier();
  }
  for (var index = thread; index < d * d; index += THREADS) { da[at + index] *= 0.5; }
}
`;

/** With the factors computed again: two dispatches, d³/2 multiply-adds. */
function gradientOf(backend: RecordingBackend, dy: TensorInfo, a: TensorInfo, { epsilon }: Attributes): TensorInfo {
  const [batch, d] = a.shape as [number, number];
  const l = choleskyFactors(backend, a, epsilon);
  const da = output(backend, a.shape);
  const threads = choleskyThreads(d);
  const program = { label: 'CholeskyLogGradient', threads, code: GRADIENT, helpers: [groupSum] };
  const scalars = { raised: raisedRoot(epsilon) };
  dispatch(backend, program, { reads: { dy, l }, writes: { da }, sizes: { d }, scalars, groups: d === 0 ? 0 : batch });
  free(backend, l);
  return da;
}

const covarianceOf = (backend: RecordingBackend, x: TensorInfo): TensorInfo =>
  covarianceKernel.compute(backend, { x }, { centering: true })[0]!;

/** The logarithms of the Cholesky factors of matrices and of covariances, each with its gradient, as @covpool/matrix-power calls them. */
export const choleskyLogKernels = [
  webgpuKernel<'a', Attributes>('CholeskyLog', (backend, { a }, { epsilon }) => [
    choleskyFactors(backend, a, epsilon, true),
  ]),
  webgpuKernel<'dy' | 'a', Attributes>('CholeskyLogGradient', (backend, { dy, a }, attributes) => [
    gradientOf(backend, dy, a, attributes),
  ]),
  webgpuKernel<'x', Attributes>('CholeskyLogOfRows', (backend, { x }, { epsilon }) => {
    const sigma = covarianceOf(backend, x);
    const image = choleskyFactors(backend, sigma, epsilon, true);
    free(backend, sigma);
    return [image];
  }),
  webgpuKernel<'dy' | 'x', Attributes>('CholeskyLogOfRowsGradient', (backend, { dy, x }, attributes) => {
    const sigma = covarianceOf(backend, x);
    const dSigma = gradientOf(backend, dy, sigma, attributes);
    const dx = covarianceGradientKernel.compute(backend, { dy: dSigma, x }, { centering: true });
    free(backend, sigma, dSigma);
    return dx;
  }),
];
