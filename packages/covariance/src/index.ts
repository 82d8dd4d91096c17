export { covariance } from './covariance.ts';
export { gaussianEmbedding, gaussianRows } from './gaussian-embedding.ts';
export type { GaussianEmbeddingOptions } from './gaussian-embedding.ts';
export { asRows } from './rows.ts';
export { secondMoment } from './second-moment.ts';
export { triuMatrix, triuVectorize } from './triu.ts';
