export type { MaskOrder } from './binary-mask.ts';
export type { Box } from './measure.ts';
export type { MergeOptions } from './merge.ts';
export { rle } from './rle.ts';
export type { CocoRle, Rle, RleLike } from './run-lengths.ts';
