export { d4Compose, d4Elements, d4Transform, d4Transforms } from './d4.ts';
export type { D4Element } from './d4.ts';
