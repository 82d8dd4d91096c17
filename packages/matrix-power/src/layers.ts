export { gaussianPooling, GaussianPooling } from './gaussian-pooling.ts';
export type { GaussianPoolingConfig } from './gaussian-pooling.ts';
export { isqrtCovPooling, IsqrtCovPooling } from './isqrt-cov-pooling.ts';
export type { IsqrtCovPoolingConfig } from './isqrt-cov-pooling.ts';
export {
  mpaInverseRoot,
  MpaInverseRoot,
  mpaPooling,
  MpaPooling,
  mpaRoot,
  MpaRoot,
  mtpPooling,
  MtpPooling,
  mtpRoot,
  MtpRoot,
} from './lyapunov-root-layers.ts';
export type { LyapunovPoolingConfig, LyapunovRootConfig } from './lyapunov-root-layers.ts';
export { matrixPowerNormalization, MatrixPowerNormalization } from './matrix-power-normalization.ts';
export type { MatrixPowerNormalizationConfig } from './matrix-power-normalization.ts';
export { matrixPowerPooling, MatrixPowerPooling } from './matrix-power-pooling.ts';
export type { MatrixPowerPoolingConfig } from './matrix-power-pooling.ts';
export { newtonSchulzRoot, NewtonSchulzRoot } from './newton-schulz-root.ts';
export type { NewtonSchulzRootConfig } from './newton-schulz-root.ts';
export {
  ElementPowerNorm,
  elementPowerNormalization,
  ScaleNorm,
  scaleNormalization,
  SvPowerNorm,
  svPowerNormalization,
} from './power-norm-layers.ts';
export type { ElementPowerNormConfig, ScaleNormConfig, SvPowerNormConfig } from './power-norm-layers.ts';
export {
  choleskyNormalization,
  CholeskyNormalization,
  choleskyPooling,
  CholeskyPooling,
  powTmlrPooling,
  PowTmlrPooling,
  scalePowPooling,
  ScalePowPooling,
} from './riemannian-pooling.ts';
export type { CholeskyNormalizationConfig, CholeskyPoolingConfig } from './riemannian-pooling.ts';
export {
  scalingEigenBranchNormalization,
  scalingEigenBranchPooling,
  ScalingEigenBranch,
  ScalingEigenBranchPooling,
} from './scaling-eigen-branch-pooling.ts';
