export { adjustBrightness, adjustContrast, adjustSaturation, colorJitter } from './color-jitter.ts';
export type { ColorJitterOptions } from './color-jitter.ts';
export type { CocoClass, CocoFile, CocoObject, CocoPicture, CocoRunLengths } from './coco/coco-file.ts';
export { readCoco } from './coco/read-coco.ts';
export type { ReadCocoOptions } from './coco/read-coco.ts';
export { centerCrop, crop, randomCrop } from './crop.ts';
export type { RandomCropOptions } from './crop.ts';
export type { Dataset } from './dataset.ts';
export { cocoDataset } from './detection/detection-dataset.ts';
export type {
  CocoDatasetOptions,
  DetectionDataset,
  DetectionObject,
  SkippedObject,
} from './detection/detection-dataset.ts';
export { createDetectionLoader } from './detection/detection-loader.ts';
export type {
  DetectionLoader,
  DetectionLoaderOptions,
  DetectionShard,
  DetectionTargets,
  ShardedDetectionBatch,
} from './detection/detection-loader.ts';
export { placeBox, placeMask } from './detection/placement.ts';
export type { CornerBox, Placement } from './detection/placement.ts';
export { paddedSize, scaledSize } from './detection/scaled-size.ts';
export type { ScaleLimits, Size } from './detection/scaled-size.ts';
export { flipHorizontally, flipVertically, randomHorizontalFlip, randomVerticalFlip } from './flip.ts';
export type { RandomFlipOptions } from './flip.ts';
export { createLoader } from './loader.ts';
export type { Batch, Loader, LoaderOptions, ShardedBatch } from './loader.ts';
export { normalize } from './normalize.ts';
export type { Rgb } from './normalize.ts';
export type { Picture } from './picture.ts';
export { randomResizedCrop } from './random-resized-crop.ts';
export type { RandomResizedCropOptions } from './random-resized-crop.ts';
export { resize } from './resize.ts';
export type { ResizeOptions } from './resize.ts';
export type { ResizeFilter } from './resize-filters.ts';
export { resizeShorterSide } from './resize-shorter-side.ts';
export type { SampleRecipe } from './sample-maker.ts';
export { createTransform, listTransforms } from './transforms.ts';
export type { Transform, TransformName, TransformOptions, TransformSpec } from './transforms.ts';
