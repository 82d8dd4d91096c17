import type { TensorInfo } from '@tensorflow/tfjs-core';
import { choleskyFactors } from './cholesky-factor.ts';
import { elementwise } from './elementwise.ts';
import { product } from './product.ts';
import { free, output } from './program.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/** `AᵀB` [1,p,q] of A [n,p] and B [n,q]. */
export function innerProducts(backend: RecordingBackend, a: TensorInfo, b: TensorInfo): TensorInfo {
  const [depth, rows] = a.shape as [number, number];
  const columns = b.shape[1]!;
  const c = output(backend, [1, rows, columns]);
  product(backend, {
    label: 'InnerProducts',
    reads: { a, b },
    writes: { c },
    batch: 1,
    rows,
    columns,
    depth,
    left: 'a[k * sizes.rows + i]',
    right: 'b[k * sizes.columns + j]',
    leftFast: 'outer',
    symmetric: a === b,
    store: 'c[i * sizes.columns + j] = value;',
  });
  return c;
}

/** `AᵀA = LLᵀ`, then `AL⁻ᵀ`: a row of it for each thread. */
function once(backend: RecordingBackend, a: TensorInfo): TensorInfo {
  const [rows, columns] = a.shape as [number, number];
  const gram = innerProducts(backend, a, a);
  const l = choleskyFactors(backend, gram, 0);
  const q = output(backend, a.shape);
  elementwise(backend, {
    label: 'OrthonormalColumns',
    reads: { a, l },
    writes: { q },
    sizes: { columns },
    count: rows,
    body: `
      let at = index * sizes.columns;
      for (var j = 0u; j < sizes.columns; j++) {
        var rest = a[at + j];
        for (var k = 0u; k < j; k++) { rest -= q[at + k] * l[j * sizes.columns + k]; }
        q[at + j] = rest / l[j * sizes.columns + j];
      }`,
  });
  free(backend, gram, l);
  return q;
}

/**
 * The Q of `A = QR` [n,p] with a positive diagonal of R, by Cholesky factors, twice: the first pass leaves what rounding makes of the
 * square of A's condition, the second takes it out (Yamamoto et al. 2015). Six dispatches, some 3np² multiply-adds. A's condition must
 * be below some 2¹¹, far above that of a step along the Stiefel manifold, whose singular values are at least 1.
 */
export function orthonormalColumns(backend: RecordingBackend, a: TensorInfo): TensorInfo {
  const first = once(backend, a);
  const q = once(backend, first);
  free(backend, first);
  return q;
}
