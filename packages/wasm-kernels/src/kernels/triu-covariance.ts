import type { TensorInfo } from '@tensorflow/tfjs-core';
import { runJob } from '../batch-job.ts';
import {
  triuCovarianceGradientJob,
  triuCovarianceJob,
  triuMaskedCovarianceGradientJob,
  triuMaskedCovarianceJob,
} from '../triu-covariance-jobs.ts';
import type { TriuAttrs } from '../triu-covariance-jobs.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

const triangleLength = (d: number): number => (d * (d + 1)) / 2;

/** The upper triangle of the covariance of rows x [B,M,d]; the matrices never leave the cache. */
export const triuCovarianceKernel = wasmKernel<'x', TriuAttrs>('TriuCovariance', (primitives, { x }, attrs) => {
  const { routines, address } = primitives;
  const [batch = 0, , d = 0] = x.shape;
  const v = primitives.output([batch, triangleLength(d)]);
  const job = triuCovarianceJob(routines, x.shape, attrs, { x: address(x), v: address(v) });
  runJob(routines, job, primitives.scratch(job.scratch));
  return [v];
});

/** Its gradient. */
export const triuCovarianceGradientKernel = wasmKernel<'dv' | 'x', TriuAttrs>(
  'TriuCovarianceGradient',
  (primitives, { dv, x }, attrs) => {
    const { routines, address } = primitives;
    const dx = primitives.output(x.shape);
    const at = { dv: address(dv), x: address(x), dx: address(dx) };
    const job = triuCovarianceGradientJob(routines, x.shape, attrs, at);
    runJob(routines, job, primitives.scratch(job.scratch));
    return [dx];
  },
);

/** The same of rows whose channels have weights and a mask; what the mask drops is not computed. */
export const triuMaskedCovarianceKernel = wasmKernel<'x' | 'weights' | 'mask', object>(
  'TriuMaskedCovariance',
  (primitives, { x, weights, mask }) => {
    const { routines, address } = primitives;
    const [batch = 0, , d = 0] = x.shape;
    const v = primitives.output([batch, triangleLength(d)]);
    const at = { x: address(x), weights: address(weights), mask: address(mask), v: address(v) };
    const job = triuMaskedCovarianceJob(routines, x.shape, at);
    runJob(routines, job, primitives.scratch(job.scratch));
    return [v];
  },
);

/** Its gradients by the rows and by the weights. */
export const triuMaskedCovarianceGradientKernel = wasmKernel<'dv' | 'x' | 'weights' | 'mask', object>(
  'TriuMaskedCovarianceGradient',
  (primitives, { dv, x, weights, mask }: Inputs<'dv' | 'x' | 'weights' | 'mask'>): TensorInfo[] => {
    const { routines, address } = primitives;
    const [dx, dWeights] = [primitives.output(x.shape), primitives.output(weights.shape)];
    const inputs = { dv: address(dv), x: address(x), weights: address(weights), mask: address(mask) };
    const job = triuMaskedCovarianceGradientJob(routines, x.shape, {
      ...inputs,
      dx: address(dx),
      dWeights: address(dWeights),
    });
    runJob(routines, job, primitives.scratch(job.scratch));
    return [dx, dWeights];
  },
);
