export { adaptiveAveragePool } from './adaptive-average-pool.ts';
export { groupedConvolution } from './grouped-convolution.ts';
export { rowConvolution } from './row-convolution.ts';
export { spatialCovariance } from './spatial-covariance.ts';
export type { SpatialCovarianceOptions } from './spatial-covariance.ts';
