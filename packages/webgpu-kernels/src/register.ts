import { batchNormInferenceKernel } from './kernels/batch-norm-inference.ts';
import { batchNormTrainingGradKernel, batchNormTrainingKernel } from './kernels/batch-norm-training.ts';
import { choleskyLogKernels } from './kernels/cholesky-log.ts';
import { convolutionFilterGradientKernel } from './kernels/convolution-filter-gradient.ts';
import { covarianceGradientKernel, covarianceKernel } from './kernels/covariance.ts';
import { eighGradientKernel, eighKernel } from './kernels/eigh.ts';
import { eigenvalueFunctionKernels } from './kernels/eigenvalue-functions.ts';
import { matrixPowerKernels } from './kernels/matrix-power.ts';
import { newtonSchulzOfRowsGradientKernel, newtonSchulzOfRowsKernel } from './kernels/newton-schulz-of-rows.ts';
import { newtonSchulzGradientKernel, newtonSchulzKernel } from './kernels/newton-schulz.ts';
import { registerOnWebgpu } from './kernels/registration.ts';
import { reluGradKernel } from './kernels/relu-gradient.ts';
import { roiAlignGradientKernel, roiAlignKernel } from './kernels/roi-align.ts';
import { sgdStepKernel } from './kernels/sgd-step.ts';
import { stiefelRetractionKernel } from './kernels/stiefel-retraction.ts';
import { triuScatterKernel, triuVectorizeKernel } from './kernels/triu.ts';

const KERNELS = [
  covarianceKernel,
  covarianceGradientKernel,
  newtonSchulzKernel,
  newtonSchulzGradientKernel,
  newtonSchulzOfRowsKernel,
  newtonSchulzOfRowsGradientKernel,
  eighKernel,
  eighGradientKernel,
  ...matrixPowerKernels,
  ...eigenvalueFunctionKernels,
  ...choleskyLogKernels,
  triuVectorizeKernel,
  triuScatterKernel,
  batchNormInferenceKernel,
  batchNormTrainingKernel,
  batchNormTrainingGradKernel,
  roiAlignKernel,
  roiAlignGradientKernel,
  reluGradKernel,
  sgdStepKernel,
  stiefelRetractionKernel,
  convolutionFilterGradientKernel,
];

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
