import { checkArgument, checkPositiveWhole } from '@covpool/base';
import { checkSize } from '../picture.ts';

export interface Size {
  width: number;
  height: number;
}

/** How large a picture may become: its longer side at most `long`, its shorter one at most `short`, in pixels. */
export interface ScaleLimits {
  long: number;
  short: number;
}

/**
 * The size of a picture scaled to fit, its ratio kept: `f = min(long / max(w, h), short / min(w, h))`, each side
 * `floor(side · f + 0.5)`, at least 1. Detectors on COCO use 1333 and 800 (He et al., Mask R-CNN, ICCV 2017).
 *
 * ```ts
 * scaledSize(500, 375, { long: 1333, short: 800 }); // { width: 1067, height: 800 }
 * ```
 */
export function scaledSize(width: number, height: number, { long, short }: ScaleLimits): Size {
  checkSize('scaledSize', width, height);
  checkArgument(
    long > 0 && short > 0 && Number.isFinite(long) && Number.isFinite(short),
    () => `scaledSize: long and short must be positive numbers, got ${long} and ${short}`,
  );
  const factor = Math.min(long / Math.max(width, height), short / Math.min(width, height));
  const side = (length: number) => Math.max(1, Math.floor(length * factor + 0.5));
  return { width: side(width), height: side(height) };
}

/** The size with both sides raised to multiples of `divisor`. */
export function paddedSize({ width, height }: Size, divisor: number): Size {
  checkPositiveWhole('paddedSize', 'divisor', divisor);
  const raise = (side: number) => Math.ceil(side / divisor) * divisor;
  return { width: raise(width), height: raise(height) };
}
