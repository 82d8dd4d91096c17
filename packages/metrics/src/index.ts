export { Average } from './average.ts';
export { ConfusionMatrix } from './confusion-matrix.ts';
export type { ConfusionMatrixJson } from './confusion-matrix.ts';
export type {
  CocoAnnotation,
  CocoCategory,
  CocoDetection,
  CocoGroundTruth,
  CocoImage,
  CocoSegmentation,
} from './coco/coco-format.ts';
export { cocoIouThresholds, cocoRecallLevels } from './coco/coco-parameters.ts';
export type { CocoStats } from './coco/summary.ts';
export { evaluateCoco } from './evaluate-coco.ts';
export type { CocoCategoryResult, CocoCurve, CocoEvaluation, EvaluateCocoOptions } from './evaluate-coco.ts';
export { epochsToReach } from './epochs-to-reach.ts';
export { evaluateVoc } from './evaluate-voc.ts';
export type {
  EvaluateVocOptions,
  VocAnnotation,
  VocCategoryResult,
  VocEvaluation,
  VocGroundTruth,
} from './evaluate-voc.ts';
export { predictedClasses, topK } from './top-k.ts';
