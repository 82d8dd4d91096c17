export { bilinearPooling, BilinearPooling } from './bilinear-pooling.ts';
export { compactBilinearPooling, CompactBilinearPooling } from './compact-bilinear-pooling.ts';
export type { CompactBilinearPoolingConfig } from './compact-bilinear-pooling.ts';
export { covariancePooling, CovariancePooling } from './covariance-pooling.ts';
export { deepBdcPooling, DeepBdcPooling } from './deep-bdc-pooling.ts';
export type { DeepBdcPoolingConfig } from './deep-bdc-pooling.ts';
export {
  covarianceMatrix,
  CovarianceMatrix,
  crossCovarianceMatrix,
  CrossCovarianceMatrix,
  gaussianMatrix,
  GaussianMatrix,
  secondMomentMatrix,
  SecondMomentMatrix,
} from './matrix-layers.ts';
export type { CrossCovarianceMatrixConfig, GaussianMatrixConfig } from './matrix-layers.ts';
export { fromTriu, triu, TriuMatrix, TriuVectorize } from './triu-layers.ts';
export type { TriuConfig } from './triu-layers.ts';
export { l2Normalization, L2Normalization, signedSquareRoot, SignedSquareRoot } from './vector-layers.ts';
export type { SignedSquareRootConfig } from './vector-layers.ts';
