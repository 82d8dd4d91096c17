import type { BatchJob } from './batch-job.ts';
import type { KernelModule } from './kernel-module.ts';

/** From rows [B,M,d] to their means over positions [B,d]. */
export function positionMeansJob(
  routines: KernelModule,
  [count, m, d]: readonly number[],
  at: { x: number; means: number },
): BatchJob {
  return {
    routine: 'positionMeans',
    count: count!,
    scratch: routines.channelMomentsScratch(d!) >>> 0,
    values: (first, part, scratch) => [at.x + 4 * first * m! * d!, at.means + 4 * first * d!, part, m!, d!, scratch],
  };
}

/** From rows [B,M,d] and weights [B,d] to the row sums [B,d] of the weighted rows' covariances. */
export function channelCorrelationJob(
  routines: KernelModule,
  [count, m, d]: readonly number[],
  at: { x: number; weights: number; to: number },
): BatchJob {
  return {
    routine: 'channelCorrelation',
    count: count!,
    scratch: routines.channelMomentsScratch(d!) >>> 0,
    values: (first, part, scratch) => [
      ...[at.x + 4 * first * m! * d!, at.weights + 4 * first * d!, at.to + 4 * first * d!],
      ...[part, m!, d!, scratch],
    ],
  };
}
