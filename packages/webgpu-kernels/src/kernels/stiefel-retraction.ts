import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { inverseOf } from '../general-inverse.ts';
import { groupMax } from '../group-reductions.ts';
import { innerProducts, orthonormalColumns } from '../orthonormal-columns.ts';
import { product } from '../product.ts';
import { dispatch, free, output } from '../program.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  lr: number;
  retraction: 'qr' | 'polar' | 'cayley';
}

type Form = (backend: RecordingBackend, w: TensorInfo, velocity: TensorInfo, lr: number) => TensorInfo;

/** Numbers of the first tensor's shape: an expression that knows `index` and the shape's `columns`. */
function each(
  backend: RecordingBackend,
  label: string,
  reads: Record<string, TensorInfo>,
  expression: string,
  scalars: Record<string, number> = {},
): TensorInfo {
  const { shape } = Object.values(reads)[0]!;
  const result = output(backend, shape);
  const sizes = { columns: shape.at(-1)! };
  const body = `result[index] = ${expression};`;
  elementwise(backend, { label, reads, writes: { result }, sizes, scalars, count: util.sizeFromShape(shape), body });
  return result;
}

/** `AB` [n,p] of A [n,k] and B [1,k,p], or an expression of that `value` and of what else is read at `at`. */
function times(
  backend: RecordingBackend,
  a: TensorInfo,
  b: TensorInfo,
  expression = 'value',
  more: Record<string, TensorInfo> = {},
): TensorInfo {
  const [rows, depth] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(-1)!;
  const c = output(backend, [...a.shape.slice(0, -1), columns]);
  product(backend, {
    label: 'RetractionProduct',
    reads: { a, b, ...more },
    writes: { c },
    batch: 1,
    rows,
    columns,
    depth,
    left: 'a[i * sizes.depth + k]',
    right: 'b[k * sizes.columns + j]',
    store: `let at = i * sizes.columns + j; c[at] = ${expression};`,
  });
  return c;
}

const moved: Form = (backend, w, velocity, lr) =>
  each(backend, 'RetractionStep', { w, velocity }, 'w[index] - sizes.lr * velocity[index]', { lr });

const byQr: Form = (backend, w, velocity, lr) => {
  const a = moved(backend, w, velocity, lr);
  const q = orthonormalColumns(backend, a);
  free(backend, a);
  return q;
};

/** Singular values grow by half a step while they are small: this many bring up those of a thousandth of the largest. */
const POLAR_STEPS = 24;

/** The largest row sum of magnitudes of a matrix, which bounds its eigenvalues: 1 for what is orthonormal already. */
const BOUND = `
fn run(group: u32, thread: u32) {
  var most = 0.0;
  for (var i = thread; i < sizes.d; i += THREADS) {
    var total = 0.0;
    for (var j = 0u; j < sizes.d; j++) { total += abs(gram[j * sizes.d + i]); }
    most = max(most, total);
  }
  let all = groupMax(thread, most);
  if (thread == 0u) { bound[0] = all; }
}
`;

/** `X ← X (3I − XᵀX)/2`, which each step has square its distance from orthonormal columns, rounding included. */
const byPolarFactor: Form = (backend, w, velocity, lr) => {
  const a = moved(backend, w, velocity, lr);
  const gram = innerProducts(backend, a, a);
  const bound = output(backend, [1]);
  const program = { label: 'PolarBound', threads: 256, code: BOUND, helpers: [groupMax] };
  dispatch(backend, program, { reads: { gram }, writes: { bound }, sizes: { d: gram.shape[1]! }, groups: 1 });
  let x = each(backend, 'PolarStart', { a, bound }, 'a[index] * inverseSqrt(bound[0])');
  free(backend, a, gram, bound);
  for (let step = 0; step < POLAR_STEPS; step++) {
    const inner = innerProducts(backend, x, x);
    const next = times(backend, x, inner, '1.5 * a[at] - 0.5 * value');
    free(backend, x, inner);
    x = next;
  }
  return x;
};

/**
 * With Q the columns of W made orthonormal, `R = Pξ`, `K = QᵀR` and `N = RᵀR`, the transform is `Q + R Y + Q Z`, where
 * `(N/2 + 2(I + Kᵀ/2)(I − K/2)) Y = 2I` and `Z = 2Y − KY − 2I`: the system of side 2p, of which one half is put into the other. What is
 * left to invert has a symmetric part of at least 2I for a step along the manifold.
 */
const byCayley: Form = (backend, w, velocity, lr) => {
  const q = orthonormalColumns(backend, w);
  const inner = innerProducts(backend, q, velocity);
  const turned = times(backend, q, inner);
  const r = each(backend, 'CayleyAlong', { velocity, turned }, '-sizes.lr * (velocity[index] - 0.5 * turned[index])', {
    lr,
  });
  const [k, n] = [innerProducts(backend, q, r), innerProducts(backend, r, r)];
  const square = innerProductsOfSquare(backend, k);
  const system = each(
    backend,
    'CayleySystem',
    { n, k, square },
    `0.5 * (n[index] - square[index]) - k[index] + k[(index % sizes.columns) * sizes.columns + index / sizes.columns]
      + select(0.0, 2.0, index % (sizes.columns + 1u) == 0u)`,
  );
  const inverse = inverseOf(backend, system);
  const y = each(backend, 'CayleyY', { inverse }, '2.0 * inverse[index]');
  const z = times(backend, k, y, 'y[at] + y[at] - value - select(0.0, 2.0, i == j)', { y });
  const along = times(backend, r, y, 'q[at] + value', { q });
  const result = times(backend, q, z, 'along[at] + value', { along });
  free(backend, q, inner, turned, r, k, n, square, system, inverse, y, z, along);
  return result;
};

/** `KᵀK` [1,p,p]. */
function innerProductsOfSquare(backend: RecordingBackend, k: TensorInfo): TensorInfo {
  const matrix = { ...k, shape: k.shape.slice(1) };
  return innerProducts(backend, matrix, matrix);
}

const forms: Record<Attributes['retraction'], Form> = { qr: byQr, polar: byPolarFactor, cayley: byCayley };

/** The point of the Stiefel manifold that a step leads to, as @covpool/trainers calls it. */
export const stiefelRetractionKernel = webgpuKernel<'w' | 'velocity', Attributes>(
  'StiefelRetraction',
  (backend, { w, velocity }, { lr, retraction }) => [forms[retraction](backend, w, velocity, lr)],
);
