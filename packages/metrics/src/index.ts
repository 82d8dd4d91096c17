export { Average } from './average.ts';
export { ConfusionMatrix } from './confusion-matrix.ts';
export type { ConfusionMatrixJson } from './confusion-matrix.ts';
export { epochsToReach } from './epochs-to-reach.ts';
export { predictedClasses, topK } from './top-k.ts';
