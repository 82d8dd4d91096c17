import type { BatchJob } from './batch-job.ts';
import type { KernelModule } from './kernel-module.ts';

export interface TriuAttrs {
  order: 'rows' | 'columns';
}

/** Bytes of each picture's rows [M,d], of its triangle and of one number per channel. */
const bytesOf = (m: number, d: number): { rows: number; triangle: number; channels: number } => ({
  rows: 4 * m * d,
  triangle: 2 * d * (d + 1),
  channels: 4 * d,
});

/** From rows [B,M,d] to the upper triangles of their covariances [B,d(d+1)/2]. */
export function triuCovarianceJob(
  routines: KernelModule,
  [count, m, d]: readonly number[],
  { order }: TriuAttrs,
  at: { x: number; v: number },
): BatchJob {
  const { rows, triangle } = bytesOf(m!, d!);
  return {
    routine: 'triuCovarianceForward',
    count: count!,
    scratch: routines.triuCovarianceScratch(m!, d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.x + first * rows, at.v + first * triangle],
      ...[part, m!, d!, Number(order === 'columns'), scratch],
    ],
  };
}

/** And back. */
export function triuCovarianceGradientJob(
  routines: KernelModule,
  [count, m, d]: readonly number[],
  { order }: TriuAttrs,
  at: { dv: number; x: number; dx: number },
): BatchJob {
  const { rows, triangle } = bytesOf(m!, d!);
  return {
    routine: 'triuCovarianceGradient',
    count: count!,
    scratch: routines.triuCovarianceScratch(m!, d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.dv + first * triangle, at.x + first * rows, at.dx + first * rows],
      ...[part, m!, d!, Number(order === 'columns'), scratch],
    ],
  };
}

/** The same with weights and a mask [B,d] on the channels, row by row. */
export function triuMaskedCovarianceJob(
  routines: KernelModule,
  [count, m, d]: readonly number[],
  at: { x: number; weights: number; mask: number; v: number },
): BatchJob {
  const { rows, triangle, channels } = bytesOf(m!, d!);
  return {
    routine: 'triuMaskedCovarianceForward',
    count: count!,
    scratch: routines.triuMaskedCovarianceScratch(m!, d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.x + first * rows, at.weights + first * channels, at.mask + first * channels, at.v + first * triangle],
      ...[part, m!, d!, scratch],
    ],
  };
}

/** And back, to the rows and to the weights. */
export function triuMaskedCovarianceGradientJob(
  routines: KernelModule,
  [count, m, d]: readonly number[],
  at: { dv: number; x: number; weights: number; mask: number; dx: number; dWeights: number },
): BatchJob {
  const { rows, triangle, channels } = bytesOf(m!, d!);
  return {
    routine: 'triuMaskedCovarianceGradient',
    count: count!,
    scratch: routines.triuMaskedCovarianceScratch(m!, d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.dv + first * triangle, at.x + first * rows, at.weights + first * channels, at.mask + first * channels],
      ...[at.dx + first * rows, at.dWeights + first * channels, part, m!, d!, scratch],
    ],
  };
}
