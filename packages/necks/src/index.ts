export { fpn, Fpn } from './fpn.ts';
export type { FpnConfig } from './fpn.ts';
export { nearestUpsample } from './nearest-upsample.ts';
