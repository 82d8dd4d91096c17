import type { CocoRle } from '@covpool/masks';

/** A picture of a COCO file; its size is needed only where polygons are filled. */
export interface CocoImage {
  readonly id: number;
  readonly width?: number;
  readonly height?: number;
}

export interface CocoCategory {
  readonly id: number;
  readonly name?: string;
}

/** Polygons `[x0, y0, x1, y1, …]` that together make an object, or run lengths in either form. */
export type CocoSegmentation = readonly (readonly number[])[] | CocoRle;

/** An object of the ground truth; boxes are `[x, y, width, height]` in pixels. */
export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox?: readonly number[];
  readonly segmentation?: CocoSegmentation;
  /** The area that decides whether the object is small, medium or large; in COCO's files that of the mask. */
  readonly area: number;
  /** A region of many objects: what is found in it is neither right nor wrong. */
  readonly iscrowd?: number | boolean;
}

/** What COCO's `instances_….json` holds. */
export interface CocoGroundTruth {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly CocoCategory[];
}

/** An entry of COCO's result files. */
export interface CocoDetection {
  readonly image_id: number;
  readonly category_id: number;
  readonly score: number;
  readonly bbox?: readonly number[];
  readonly segmentation?: CocoSegmentation;
}
