export { covariancePooling, CovariancePooling } from './covariance-pooling.ts';
export { covarianceMatrix, CovarianceMatrix, triu, TriuVectorize } from './matrix-layers.ts';
