import { checkArgument } from '@covpool/base';
import { rle } from '@covpool/masks';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import type { PictureDetections } from './detect.ts';

/** One detection as it stands in COCO's result files. */
export interface CocoResult {
  image_id: number;
  category_id: number;
  /** x, y, width, height */
  bbox: [number, number, number, number];
  score: number;
  segmentation?: { size: [number, number]; counts: string };
}

export interface CocoResultsOptions extends ConventionsOption {
  imageId: number;
  /** The category of each label. */
  categoryIds: readonly number[];
}

/**
 * The detections of a picture as COCO's result files hold them. With the conventions of mmdetection 1.x a box is `x2 − x1 + 1` wide.
 *
 * @throws bad-argument for a label without a category
 */
export function toCocoResults(
  { boxes, scores, labels, masks }: PictureDetections,
  { imageId, categoryIds, conventions }: CocoResultsOptions,
): CocoResult[] {
  const { extent } = conventionsOf(conventions);
  return Array.from(scores, (score, n) => {
    const category = categoryIds[labels[n]!];
    checkArgument(
      category !== undefined,
      () => `toCocoResults: a category for every label is required, got ${categoryIds.length} and label ${labels[n]}`,
    );
    const [x1, y1, x2, y2] = boxes.subarray(4 * n, 4 * n + 4) as unknown as [number, number, number, number];
    return {
      image_id: imageId,
      category_id: category!,
      bbox: [x1, y1, x2 - x1 + extent, y2 - y1 + extent],
      score,
      ...(masks && { segmentation: rle.toCompressed(masks[n]!) }),
    };
  });
}
