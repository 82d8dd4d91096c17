export { isqrtCov } from './isqrt-cov.ts';
export { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
export type { PreNormalization } from './pre-normalization.ts';
