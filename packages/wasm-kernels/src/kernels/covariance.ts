import type { TensorInfo } from '@tensorflow/tfjs-core';
import { runJob } from '../batch-job.ts';
import { covarianceGradientJob, covarianceJob } from '../second-order-jobs.ts';
import type { CovarianceAttrs } from '../second-order-jobs.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** The covariance X̄ᵀX̄/M of rows x [B,M,d], or their second moment: a symmetric product, half of it computed. */
export const covarianceKernel = wasmKernel<'x', CovarianceAttrs>('Covariance', (primitives, { x }, attrs) => {
  const { routines, address } = primitives;
  const [batch = 0, , d = 0] = x.shape;
  const sigma = primitives.output([batch, d, d]);
  const job = covarianceJob(routines, x.shape, attrs, { x: address(x), to: address(sigma) });
  runJob(routines, job, primitives.scratch(job.scratch));
  return [sigma];
});

/** Its gradient X̄(G + Gᵀ)/M. */
export const covarianceGradientKernel = wasmKernel<'dy' | 'x', CovarianceAttrs>(
  'CovarianceGradient',
  (primitives, { dy, x }: Inputs<'dy' | 'x'>, attrs): TensorInfo[] => {
    const { routines, address } = primitives;
    const dx = primitives.output(x.shape);
    const job = covarianceGradientJob(routines, x.shape, attrs, { dy: address(dy), x: address(x), dx: address(dx) });
    runJob(routines, job, primitives.scratch(job.scratch));
    return [dx];
  },
);
