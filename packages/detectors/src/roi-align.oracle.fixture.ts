import { conventionsOf } from './conventions.ts';
import type { RoiAlignOptions, Rois } from './roi-align.ts';

interface Features {
  shape: readonly number[];
  values: ArrayLike<number>;
}

/** RoIAlign of [B,H,W,C] as it is defined, sample by sample (spec 4). */
export function roiAlignOracle(
  { shape, values }: Features,
  { boxes, pictures }: Rois,
  options: RoiAlignOptions,
): number[] {
  const [, height, width, channels] = shape as [number, number, number, number];
  const { roiAlign: rule, extent } = conventionsOf(options.conventions);
  const { size, scale, samplingRatio = rule.samplingRatio } = options;
  const value = (b: number, y: number, x: number, c: number): number =>
    values[((b * height + y) * width + x) * channels + c]!;
  const interpolated = (b: number, y: number, x: number, c: number): number => {
    if (y < -1 || y > height || x < -1 || x > width) return 0;
    const [v, u] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
    const [top, left] = [Math.floor(v), Math.floor(u)];
    const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
    const above = value(b, top, left, c) * (1 - (u - left)) + value(b, top, right, c) * (u - left);
    const below = value(b, bottom, left, c) * (1 - (u - left)) + value(b, bottom, right, c) * (u - left);
    return above * (1 - (v - top)) + below * (v - top);
  };
  const result: number[] = [];
  pictures.forEach((b, n) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * n, 4 * n + 4) as unknown as [number, number, number, number];
    const shift = rule.aligned ? 0.5 : 0;
    const least = rule.minSize ?? -Infinity;
    const [down, across] = [
      Math.max((y2 + extent - y1) * scale, least) / size[0],
      Math.max((x2 + extent - x1) * scale, least) / size[1],
    ];
    const [rows, columns] = [samplingRatio || Math.ceil(down), samplingRatio || Math.ceil(across)];
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++) {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let k = 0; k < rows; k++) {
            for (let l = 0; l < columns; l++) {
              const y = y1 * scale - shift + (i + (k + 0.5) / rows) * down;
              const x = x1 * scale - shift + (j + (l + 0.5) / columns) * across;
              sum += interpolated(b, y, x, c);
            }
          }
          result.push(sum / Math.max(rows * columns, 1));
        }
      }
    }
  });
  return result;
}
