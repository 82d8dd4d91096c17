import type { TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { product } from '../product.ts';
import { free, output } from '../program.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  /** Absent means that means are subtracted. */
  centering?: boolean;
}

type Sizes = [batch: number, positions: number, channels: number];

/** The means over positions [B,d] of features [B,M,d]: one thread a channel. */
export function channelMeans(backend: RecordingBackend, x: TensorInfo): TensorInfo {
  const [batch, positions, channels] = x.shape as Sizes;
  const means = output(backend, [batch, channels]);
  elementwise(backend, {
    label: 'ChannelMeans',
    reads: { x },
    writes: { means },
    sizes: { positions, channels },
    count: batch * channels,
    body: `
      let start = (index / sizes.channels) * sizes.positions * sizes.channels + index % sizes.channels;
      var total = 0.0;
      for (var m = 0u; m < sizes.positions; m++) { total += x[start + m * sizes.channels]; }
      means[index] = total / f32(sizes.positions);`,
  });
  return means;
}

/**
 * The means of the tile's own channels: those of its rows in the first SIDE places, those of its columns behind. A quarter of the
 * group's threads would be idle with one thread a channel, so positions are dealt out among them.
 */
const TILE_MEANS = `
const SHARES = THREADS / SIDE;
var<workgroup> partial: array<f32, THREADS>;
var<workgroup> means: array<f32, 2u * SIDE>;
fn tileMeans(batch: u32, row: u32, column: u32, thread: u32) {
  for (var half = 0u; half < 2u; half++) {
    let channel = select(row, column, half == 1u) + thread % SIDE;
    var total = 0.0;
    if (channel < sizes.rows) {
      for (var m = thread / SIDE; m < sizes.depth; m += SHARES) { total += x[(batch * sizes.depth + m) * sizes.rows + channel]; }
    }
    partial[thread] = total;
    workgroupBarrier();
    if (thread < SIDE) {
      for (var share = 1u; share < SHARES; share++) { total += partial[thread + share * SIDE]; }
      means[half * SIDE + thread] = total / f32(sizes.depth);
    }
    workgroupBarrier();
  }
}
`;

/**
 * `Σ = X̄ᵀX̄/M` in one dispatch: every group finds the means of its own channels, subtracts them while it reads, and computes a tile
 * on or above the diagonal.
 */
export const covarianceKernel = webgpuKernel<'x', Attributes>('Covariance', (backend, { x }, { centering = true }) => {
  const [batch, positions, channels] = x.shape as Sizes;
  const sigma = output(backend, [batch, channels, channels]);
  const number = (channel: string): string => `x[(batch * sizes.depth + k) * sizes.rows + ${channel}]`;
  product(backend, {
    label: 'Covariance',
    reads: { x },
    writes: { sigma },
    batch,
    rows: channels,
    columns: channels,
    depth: positions,
    left: number('i') + (centering ? ' - means[i % SIDE]' : ''),
    right: number('j') + (centering ? ' - means[SIDE + j % SIDE]' : ''),
    leftFast: 'outer',
    symmetric: true,
    store: 'sigma[(batch * sizes.rows + i) * sizes.rows + j] = value / f32(sizes.depth);',
    ...(centering ? { functions: TILE_MEANS, before: 'tileMeans(batch, row, column, thread);' } : {}),
  });
  return [sigma];
});

/** `dX = X̄ (G + Gᵀ)/M`; centring takes one more small dispatch. */
export const covarianceGradientKernel = webgpuKernel<'dy' | 'x', Attributes>(
  'CovarianceGradient',
  (backend, { dy, x }, { centering = true }) => {
    const [batch, positions, channels] = x.shape as Sizes;
    const dx = output(backend, x.shape);
    const means = centering ? [channelMeans(backend, x)] : [];
    product(backend, {
      label: 'CovarianceGradient',
      reads: { dy, x, ...(centering ? { means: means[0]! } : {}) },
      writes: { dx },
      batch,
      rows: positions,
      columns: channels,
      depth: channels,
      left: `x[(batch * sizes.rows + i) * sizes.depth + k]${centering ? ' - means[batch * sizes.depth + k]' : ''}`,
      right: 'dy[(batch * sizes.depth + k) * sizes.depth + j] + dy[(batch * sizes.depth + j) * sizes.depth + k]',
      store: 'dx[(batch * sizes.rows + i) * sizes.columns + j] = value / f32(sizes.rows);',
    });
    free(backend, ...means);
    return [dx];
  },
);
