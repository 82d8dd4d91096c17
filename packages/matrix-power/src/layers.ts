export { isqrtCovPooling, IsqrtCovPooling } from './isqrt-cov-pooling.ts';
export type { IsqrtCovPoolingConfig } from './isqrt-cov-pooling.ts';
export { newtonSchulzRoot, NewtonSchulzRoot } from './newton-schulz-root.ts';
export type { NewtonSchulzRootConfig } from './newton-schulz-root.ts';
