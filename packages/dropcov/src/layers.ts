export { dropCovPooling, DropCovPooling } from './drop-cov-pooling.ts';
export type { DropCovPoolingConfig } from './drop-cov-pooling.ts';
