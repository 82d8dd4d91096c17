import type { TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { product } from '../product.ts';
import { free, output } from '../program.ts';
import { spectra } from '../symmetric-eigen.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { webgpuKernel } from './registration.ts';

/** WGSL of eigenvalue and eigenvector entries in a spectrum [1+d,d] of `batch`. */
export const eigenvalueAt = (d: string, i: string): string => `state[batch * (${d} + 1u) * ${d} + ${i}]`;
export const vectorAt = (d: string, k: string, i: string): string =>
  `state[(batch * (${d} + 1u) + 1u + ${k}) * ${d} + ${i}]`;

/** Values [B,d], vectors [B,d,d] in columns, and the spectra, which are all that the gradient needs. */
export const eighKernel = webgpuKernel<'a'>('Eigh', (backend, { a }) => {
  const [batch, d] = a.shape as [number, number];
  const state = spectra(backend, a);
  const values = output(backend, [batch, d]);
  const vectors = output(backend, [batch, d, d]);
  elementwise(backend, {
    label: 'EighColumns',
    reads: { state },
    writes: { values, vectors },
    sizes: { d },
    count: batch * d * d,
    body: `
      let batch = index / (sizes.d * sizes.d);
      let i = (index / sizes.d) % sizes.d;
      let j = index % sizes.d;
      vectors[index] = ${vectorAt('sizes.d', 'j', 'i')};
      if (i == 0u) { values[batch * sizes.d + j] = ${eigenvalueAt('sizes.d', 'j')}; }`,
  });
  return [values, vectors, state];
});

/**
 * `dA = Uᵀ sym(F∘(U dU) + diag dλ) U` with the vectors as rows of U, `F_ij = 1/(λ_j − λ_i)`. Eigenvalues that differ by no more than
 * their own error in float32 count as equal, and then no direction is preferred.
 */
export const eighGradientKernel = webgpuKernel<'dvalues' | 'dvectors' | 'state'>(
  'EighGradient',
  (backend, { dvalues, dvectors, state }) => {
    const [batch, d] = dvectors.shape as [number, number];
    const square = { batch, rows: d, columns: d, depth: d };
    const inner = output(backend, dvectors.shape);
    product(backend, {
      label: 'EighGradientInner',
      reads: { dvalues, dvectors, state },
      writes: { inner },
      ...square,
      left: vectorAt('sizes.rows', 'i', 'k'),
      right: 'dvectors[(batch * sizes.rows + k) * sizes.rows + j]',
      store: `
        let own = ${eigenvalueAt('sizes.rows', 'i')};
        let gap = ${eigenvalueAt('sizes.rows', 'j')} - own;
        let extreme = max(abs(${eigenvalueAt('sizes.rows', '0u')}), abs(${eigenvalueAt(
        'sizes.rows',
        'sizes.rows - 1u',
      )}));
        var entry = 0.0;
        if (i == j) { entry = dvalues[batch * sizes.rows + i]; } else if (abs(gap) > extreme * 0x1p-22) { entry = value / gap; }
        inner[(batch * sizes.rows + i) * sizes.rows + j] = entry;`,
    });
    const da = fromEigenbasis(backend, inner, state);
    free(backend, inner);
    return [da];
  },
);

/** `Uᵀ sym(S) U (+ c I)` of S [B,d,d] in the eigenbasis, with one number c for each matrix if there are any. */
export function fromEigenbasis(
  backend: RecordingBackend,
  s: TensorInfo,
  state: TensorInfo,
  shift?: TensorInfo,
): TensorInfo {
  const [batch, d] = s.shape as [number, number];
  const square = { batch, rows: d, columns: d, depth: d };
  const turned = output(backend, s.shape);
  product(backend, {
    label: 'FromEigenbasisTurned',
    reads: { s, state },
    writes: { turned },
    ...square,
    left: `0.5 * (s[(batch * sizes.rows + i) * sizes.rows + k] + s[(batch * sizes.rows + k) * sizes.rows + i])`,
    right: vectorAt('sizes.rows', 'k', 'j'),
    store: 'turned[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  const a = output(backend, s.shape);
  product(backend, {
    label: 'FromEigenbasis',
    reads: { turned, state, ...(shift ? { shift } : {}) },
    writes: { a },
    ...square,
    left: vectorAt('sizes.rows', 'k', 'i'),
    right: 'turned[(batch * sizes.rows + k) * sizes.rows + j]',
    leftFast: 'outer',
    symmetric: true,
    store: `a[(batch * sizes.rows + i) * sizes.rows + j] = value${
      shift ? ' + select(0.0, shift[batch], i == j)' : ''
    };`,
  });
  free(backend, turned);
  return a;
}
