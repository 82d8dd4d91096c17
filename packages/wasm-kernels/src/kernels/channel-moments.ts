import { runJob } from '../batch-job.ts';
import { channelCorrelationJob, positionMeansJob } from '../channel-moments-jobs.ts';
import { wasmKernel } from './registration.ts';

/** Rows x [B,M,d] once more, on the same numbers, and their means over positions [B,d]. */
export const positionMeansKernel = wasmKernel<'x', object>('PositionMeans', (primitives, { x }) => {
  const { backend, routines, address } = primitives;
  const [batch = 0, , d = 0] = x.shape;
  const means = primitives.output([batch, d]);
  const job = positionMeansJob(routines, x.shape, { x: address(x), means: address(means) });
  runJob(routines, job, primitives.scratch(job.scratch));
  backend.incRef(x.dataId);
  return [{ dataId: x.dataId, shape: x.shape, dtype: x.dtype }, means];
});

/** The row sums [B,d] of the covariances of rows x [B,M,d] whose channels have weights [B,d]. */
export const channelCorrelationKernel = wasmKernel<'x' | 'weights', object>(
  'ChannelCorrelation',
  (primitives, { x, weights }) => {
    const { routines, address } = primitives;
    const sums = primitives.output(weights.shape);
    const at = { x: address(x), weights: address(weights), to: address(sums) };
    const job = channelCorrelationJob(routines, x.shape, at);
    runJob(routines, job, primitives.scratch(job.scratch));
    return [sums];
  },
);
