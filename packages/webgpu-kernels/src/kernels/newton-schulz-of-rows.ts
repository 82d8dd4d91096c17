import type { TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { iterate } from '../newton-schulz/forward.ts';
import { iterationGradient } from '../newton-schulz/gradient.ts';
import { type Iteration, type IterationState, type Norm, NORM_FLOOR } from '../newton-schulz/iteration.ts';
import { product } from '../product.ts';
import { free, output } from '../program.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { channelMeans } from './covariance.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  iterations: number;
  norm: Norm;
  centering: boolean;
  recompute: boolean;
}

/** What the gradient needs: the iteration's state, and the rows less their means, if those were subtracted. */
interface Kept extends IterationState {
  rows: TensorInfo;
}

const sizesOf = (x: TensorInfo) => {
  const [batch, positions, channels] = x.shape as [number, number, number];
  return { batch, positions, channels };
};

function iterationOf(x: TensorInfo, { iterations, norm }: Attributes): Iteration {
  const { batch, positions } = sizesOf(x);
  return { batch, side: positions, iterations, norm, wanted: 'inverseRoot', positions };
}

/** X̄ */
function centred(backend: RecordingBackend, x: TensorInfo): TensorInfo {
  const { positions, channels } = sizesOf(x);
  const means = channelMeans(backend, x);
  const rows = output(backend, x.shape);
  elementwise(backend, {
    label: 'CentredRows',
    reads: { x, means },
    writes: { rows },
    sizes: { channels, image: positions * channels },
    count: x.shape.reduce((size, extent) => size * extent, 1),
    body: 'rows[index] = x[index] - means[(index / sizes.image) * sizes.channels + index % sizes.channels];',
  });
  free(backend, means);
  return rows;
}

/** `P Rᵀ` of P [B,M,d] and rows R [B,M,d], symmetric. */
function gram(backend: RecordingBackend, p: TensorInfo, r: TensorInfo): TensorInfo {
  const { batch, positions, channels } = sizesOf(p);
  const c = output(backend, [batch, positions, positions]);
  const number = (name: string, row: string): string => `${name}[(batch * sizes.rows + ${row}) * sizes.depth + k]`;
  product(backend, {
    label: 'Gram',
    reads: p === r ? { p } : { p, r },
    writes: { c },
    batch,
    rows: positions,
    columns: positions,
    depth: channels,
    left: number('p', 'i'),
    right: number(p === r ? 'p' : 'r', 'j'),
    rightFast: 'inner',
    symmetric: true,
    store: 'c[(batch * sizes.rows + i) * sizes.rows + j] = value;',
  });
  return c;
}

/** Z_N(K), K = X̄X̄ᵀ/(M t), and all that the gradient needs. */
function inverseRoot(backend: RecordingBackend, x: TensorInfo, attributes: Attributes): Kept {
  const rows = attributes.centering ? centred(backend, x) : x;
  const a = gram(backend, rows, rows);
  const state = iterate(backend, a, iterationOf(x, attributes));
  free(backend, a);
  return { ...state, rows };
}

/** `X̄ᵀ Z X̄ / (M √t)` */
function rootOf(backend: RecordingBackend, { rows, result, norms }: Kept): TensorInfo {
  const { batch, positions, channels } = sizesOf(rows);
  const turned = output(backend, rows.shape);
  product(backend, {
    label: 'NewtonSchulzOfRowsTurned',
    reads: { rows, result },
    writes: { turned },
    batch,
    rows: positions,
    columns: channels,
    depth: positions,
    left: 'result[(batch * sizes.rows + k) * sizes.rows + i]',
    right: 'rows[(batch * sizes.depth + k) * sizes.columns + j]',
    leftFast: 'outer',
    store: 'turned[(batch * sizes.rows + i) * sizes.columns + j] = value;',
  });
  const root = output(backend, [batch, channels, channels]);
  product(backend, {
    label: 'NewtonSchulzOfRowsRoot',
    reads: { rows, turned, norms },
    writes: { root },
    batch,
    rows: channels,
    columns: channels,
    depth: positions,
    left: 'rows[(batch * sizes.depth + k) * sizes.rows + i]',
    right: 'turned[(batch * sizes.depth + k) * sizes.rows + j]',
    leftFast: 'outer',
    symmetric: true,
    store: `root[(batch * sizes.rows + i) * sizes.rows + j] =
      value / (sqrt(max(norms[batch], ${NORM_FLOOR})) * f32(sizes.depth));`,
  });
  free(backend, turned);
  return root;
}

/** The root of the covariance of M < d rows, on the M×M side; kept are the iteration's state and the centred rows. */
export const newtonSchulzOfRowsKernel = webgpuKernel<'x', Attributes>(
  'NewtonSchulzOfRows',
  (backend, { x }, attributes) => {
    const kept = inverseRoot(backend, x, attributes);
    const root = rootOf(backend, kept);
    const { iterates, norms, result, rows } = kept;
    const made = [iterates, norms, result, ...(attributes.centering ? [rows] : [])];
    if (!attributes.recompute) return [root, ...made];
    free(backend, ...made);
    return [root];
  },
);

type GradientInputs = 'dy' | 'x' | 'kept0' | 'kept1' | 'kept2' | 'kept3';

export const newtonSchulzOfRowsGradientKernel = webgpuKernel<GradientInputs, Attributes>(
  'NewtonSchulzOfRowsGradient',
  (backend, { dy, x, kept0, kept1, kept2, kept3 }, attributes) => {
    const { recompute, centering } = attributes;
    const kept: Kept = recompute
      ? inverseRoot(backend, x, attributes)
      : { iterates: kept0, norms: kept1, result: kept2, rows: centering ? kept3 : x };
    const dx = rowsGradient(backend, dy, kept, iterationOf(x, attributes));
    if (recompute) {
      const { iterates, norms, result, rows } = kept;
      free(backend, iterates, norms, result, ...(centering ? [rows] : []));
    }
    return [dx];
  },
);

/** `dX = Z X̄ (G + Gᵀ)/(M√t) + (2/M) dK X̄`; its columns sum to zero where those of X̄ do. */
function rowsGradient(backend: RecordingBackend, dy: TensorInfo, kept: Kept, iteration: Iteration): TensorInfo {
  const { rows, result, norms } = kept;
  const { batch, positions, channels } = sizesOf(rows);
  const doubled = output(backend, rows.shape);
  product(backend, {
    label: 'NewtonSchulzOfRowsDoubled',
    reads: { rows, dy },
    writes: { doubled },
    batch,
    rows: positions,
    columns: channels,
    depth: channels,
    left: 'rows[(batch * sizes.rows + i) * sizes.depth + k]',
    right: 'dy[(batch * sizes.depth + k) * sizes.depth + j] + dy[(batch * sizes.depth + j) * sizes.depth + k]',
    store: 'doubled[(batch * sizes.rows + i) * sizes.columns + j] = value;',
  });
  const direction = gram(backend, doubled, rows);
  const inner = iterationGradient(backend, direction, kept, iteration);
  const dx = output(backend, rows.shape);
  product(backend, {
    label: 'NewtonSchulzOfRowsGradient',
    reads: { rows, result, norms, doubled, inner },
    writes: { dx },
    batch,
    rows: positions,
    columns: channels,
    depth: 2 * positions,
    functions: `
fn leftAt(batch: u32, i: u32, k: u32) -> f32 {
  let m = sizes.rows;
  if (k >= m) { return inner[(batch * m + k - m) * m + i]; }
  return result[(batch * m + k) * m + i] / (sqrt(max(norms[batch], ${NORM_FLOOR})) * f32(m));
}
fn rightAt(batch: u32, k: u32, j: u32) -> f32 {
  let m = sizes.rows;
  if (k >= m) { return rows[(batch * m + k - m) * sizes.columns + j]; }
  return doubled[(batch * m + k) * sizes.columns + j];
}`,
    left: 'leftAt(batch, i, k)',
    right: 'rightAt(batch, k, j)',
    leftFast: 'outer',
    store: 'dx[(batch * sizes.rows + i) * sizes.columns + j] = value;',
  });
  free(backend, doubled, direction, inner);
  return dx;
}
