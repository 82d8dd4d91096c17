import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { TileSide } from '../tile.ts';

/** What a matrix is divided by before the iteration. */
export type Norm = 'trace' | 'frobenius';

/** What is wanted in the end: `2√t·y_N`, the root, of matrices; Z_N of the Gram matrices of rows. */
export type Wanted = 'root' | 'inverseRoot';

/** The Newton–Schulz iteration on a batch of symmetric matrices of one side. */
export interface Iteration {
  batch: number;
  side: number;
  iterations: number;
  norm: Norm;
  wanted: Wanted;
  /** 1, or what Gram matrices are yet to be divided by. */
  positions: number;
}

/**
 * The iteration for C = Y_N or Z_N. With w = A Z²/2 and T = 3/2 I − w it is `R = w T, w ← R T, Z ← T Z, y ← y T`, y half of Y, from
 * w_0 = y_0 = A/2 and Z_0 = I: the same iterates as of `T = (3I − Z Y)/2`, three products a step, all symmetric. Only w feeds back, so
 * that one triangle of each product may be computed and mirrored; iterating Y and Z on each other like that doubles the error every step.
 *
 * What one run leaves behind for the gradient:
 */
export interface IterationState {
  /** [slots,B,s,s]: w_0 … w_{N−1}, R_1 … R_{N−1}, then Z_1 … Z_{N−1} or y_2 … y_{N−1}; y_1 = R_1. */
  iterates: TensorInfo;
  /** The norms [B], before the floor. */
  norms: TensorInfo;
  /** The result [B,s,s]. */
  result: TensorInfo;
}

export const slotCount = ({ iterations, wanted }: Iteration): number =>
  3 * iterations - 2 - Number(wanted === 'root' && iterations > 1);

/** Where iterates stand in the list; `q` is y or Z, whichever is wanted. */
export const slots = ({ iterations, wanted }: Iteration) => ({
  w: (k: number): number => k,
  r: (k: number): number => iterations + k - 1,
  q(k: number): number {
    if (wanted === 'inverseRoot') return 2 * iterations + k - 2;
    return k === 0 ? 0 : k === 1 ? iterations : 2 * iterations + k - 3;
  },
});

/** The tangents' places: those of step k and k − 1 alternate. */
export const TANGENT_SLOTS = 6;
export const tangentSlots = ({ wanted }: Iteration) => ({
  w: (k: number): number => k % 2,
  r: (k: number): number => 2 + (k % 2),
  q(k: number): number {
    if (wanted === 'root' && k < 2) return k === 0 ? 0 : 3;
    return 4 + (k % 2);
  },
});

/** Where the tangent of the result is put. */
export const resultSlot = ({ iterations }: Iteration): number => 4 + (iterations % 2);

/** The tile that holds a whole matrix: then one group does all iterations in one dispatch. */
export const wholeTile = (side: number): TileSide | undefined => (side <= 32 ? 32 : side <= 64 ? 64 : undefined);

/** Below it a matrix counts as zero, as in @covpool/matrix-power. */
export const NORM_FLOOR = '1e-12';

/** What shaders know of it: they are compiled once for both norms and both results. */
export const iterationSizes = ({ batch, side, iterations, positions, norm, wanted }: Iteration) => ({
  batch,
  side,
  iterations,
  positions,
  frobenius: Number(norm === 'frobenius'),
  inverse: Number(wanted === 'inverseRoot'),
});

/** The places in WGSL. */
export const SLOTS = `
fn slotW(k: u32) -> u32 { return k; }
fn slotR(k: u32) -> u32 { return sizes.iterations + k - 1u; }
fn slotQ(k: u32) -> u32 {
  if (sizes.inverse == 1u) { return 2u * sizes.iterations + k - 2u; }
  if (k == 0u) { return 0u; }
  return select(2u * sizes.iterations + k - 3u, sizes.iterations, k == 1u);
}
fn tangentW(k: u32) -> u32 { return k % 2u; }
fn tangentR(k: u32) -> u32 { return 2u + k % 2u; }
fn tangentQ(k: u32) -> u32 {
  if (sizes.inverse == 0u && k < 2u) { return select(3u, 0u, k == 0u); }
  return 4u + k % 2u;
}
fn place(slot: u32, batch: u32) -> u32 { return (slot * sizes.batch + batch) * sizes.side * sizes.side; }
`;
