export { biMapNormalization, BiMapNormalization } from './bi-map-normalization.ts';
export type { BiMapNormalizationConfig } from './bi-map-normalization.ts';
export {
  logEigNormalization,
  LogEigNormalization,
  reEigNormalization,
  ReEigNormalization,
} from './eigenvalue-normalizations.ts';
export type { LogEigNormalizationConfig, ReEigNormalizationConfig } from './eigenvalue-normalizations.ts';
export { idccpPooling, IdccpPooling } from './idccp-pooling.ts';
export type { IdccpPoolingConfig } from './idccp-pooling.ts';
export { lowRankBilinearPooling, LowRankBilinearPooling } from './low-rank-bilinear-pooling.ts';
export type { LowRankBilinearPoolingConfig } from './low-rank-bilinear-pooling.ts';
export { mgCapPooling, MgCapPooling } from './mg-cap-pooling.ts';
export type { MgCapPoolingConfig } from './mg-cap-pooling.ts';
export { PictureCopies, pictureCopiesLayer, siamese } from './siamese.ts';
