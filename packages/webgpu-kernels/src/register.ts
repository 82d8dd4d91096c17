import { covarianceGradientKernel, covarianceKernel } from './kernels/covariance.ts';
import { registerOnWebgpu } from './kernels/registration.ts';
import { triuScatterKernel, triuVectorizeKernel } from './kernels/triu.ts';

const KERNELS = [covarianceKernel, covarianceGradientKernel, triuVectorizeKernel, triuScatterKernel];

/** What was registered. */
export interface WebgpuKernels {
  /** The names of the registered kernels. */
  kernels: string[];
}

/**
 * Registers this package's kernels for the webgpu backend; further calls change nothing. Shaders are compiled when they are first
 * used.
 */
export function registerWebgpuKernels(): WebgpuKernels {
  for (const kernel of KERNELS) registerOnWebgpu(kernel);
  return { kernels: KERNELS.map(({ name }) => name) };
}
