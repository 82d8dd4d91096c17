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

/** What one run of it leaves behind for the gradient. */
export interface IterationState {
  /** All iterates [slots,B,s,s]: y_0 … y_{N−1} (halves of Y), T_1 … T_N, Z_2 … Z_{N−1}; Z_1 = T_1. */
  iterates: TensorInfo;
  /** The norms [B], before the floor. */
  norms: TensorInfo;
  /** The result [B,s,s]. */
  result: TensorInfo;
}

export const slotCount = (iterations: number): number => 2 * iterations + Math.max(0, iterations - 2);

/** Where iterates stand in the list. */
export const slots = (iterations: number) => ({
  y: (k: number): number => k,
  t: (k: number): number => iterations + k - 1,
  z: (k: number): number => (k === 1 ? iterations : 2 * iterations + k - 2),
});

/** The tangents' places: those of step k and k − 1 alternate. */
export const TANGENT_SLOTS = 5;
export const tangentSlots = {
  y: (k: number): number => 2 * (k % 2),
  z: (k: number): number => 2 * (k % 2) + 1,
  t: 4,
  /** Of the result. */
  result: ({ iterations, wanted }: Iteration): number =>
    wanted === 'inverseRoot' && iterations === 1 ? 4 : 2 * (iterations % 2),
};

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
fn slotY(k: u32) -> u32 { return k; }
fn slotT(k: u32) -> u32 { return sizes.iterations + k - 1u; }
fn slotZ(k: u32) -> u32 { return select(2u * sizes.iterations + k - 2u, sizes.iterations, k == 1u); }
fn tangentY(k: u32) -> u32 { return 2u * (k % 2u); }
fn tangentZ(k: u32) -> u32 { return 2u * (k % 2u) + 1u; }
const TANGENT_T = 4u;
fn place(slot: u32, batch: u32) -> u32 { return (slot * sizes.batch + batch) * sizes.side * sizes.side; }
`;
