import { checkArgument, unknownName } from '@covpool/base';
import { checkPicture, checkSize } from './picture.ts';
import type { Picture } from './picture.ts';
import { resizeKernels } from './resize-filters.ts';
import type { ResizeFilter } from './resize-filters.ts';

export interface ResizeOptions {
  filter?: ResizeFilter;
  /** The part of the source to scale, `[x0, y0, x1, y1]` in pixels, fractions allowed. Pixels just outside still contribute. */
  box?: readonly [number, number, number, number];
}

/** 8 bits are the result's; 2 leave room for filters with negative lobes. */
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

/** For each output position: where its window of the input starts, how long it is, and the fixed-point weights. */
interface Windows {
  start: Int32Array;
  length: Int32Array;
  /** `stride` weights for each output position. */
  weights: Int32Array;
  stride: number;
}

function windows(inSize: number, in0: number, in1: number, outSize: number, filter: ResizeFilter): Windows {
  const kernel = resizeKernels[filter];
  const scale = Math.fround(in1 - in0) / outSize;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(outSize);
  const length = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(stride);
  for (let out = 0; out < outSize; out++) {
    const center = in0 + (out + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inSize, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      exact[i] = kernel.at((i + first - center + 0.5) * (1 / stretch));
      sum += exact[i]!;
    }
    for (let i = 0; i < count; i++) {
      const weight = (sum === 0 ? exact[i]! : exact[i]! / sum) * (1 << PRECISION_BITS);
      weights[out * stride + i] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    start[out] = first;
    length[out] = count;
  }
  return { start, length, weights, stride };
}

function clip8(fixed: number): number {
  const value = fixed >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Rows `top .. bottom` of the source, each scaled to `width`. */
function horizontal(source: Picture, width: number, top: number, bottom: number, along: Windows): Picture {
  const { start, length, weights, stride } = along;
  const input = source.data;
  const data = new Uint8Array(width * (bottom - top) * 3);
  let at = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < width; x++) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let from = (y * source.width + start[x]!) * 3;
      const end = x * stride + length[x]!;
      for (let k = x * stride; k < end; k++, from += 3) {
        const weight = weights[k]!;
        r = (r + Math.imul(input[from]!, weight)) | 0;
        g = (g + Math.imul(input[from + 1]!, weight)) | 0;
        b = (b + Math.imul(input[from + 2]!, weight)) | 0;
      }
      data[at++] = clip8(r);
      data[at++] = clip8(g);
      data[at++] = clip8(b);
    }
  }
  return { width, height: bottom - top, data };
}

/** All columns scaled to `height`; the source's first row is row `top` of what the windows speak of. */
function vertical(source: Picture, height: number, top: number, along: Windows): Picture {
  const { start, length, weights, stride } = along;
  const input = source.data;
  const row = source.width * 3;
  const data = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const first = (start[y]! - top) * row;
    const end = y * stride + length[y]!;
    let at = y * row;
    for (let x = 0; x < row; x += 3) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let from = first + x;
      for (let k = y * stride; k < end; k++, from += row) {
        const weight = weights[k]!;
        r = (r + Math.imul(input[from]!, weight)) | 0;
        g = (g + Math.imul(input[from + 1]!, weight)) | 0;
        b = (b + Math.imul(input[from + 2]!, weight)) | 0;
      }
      data[at++] = clip8(r);
      data[at++] = clip8(g);
      data[at++] = clip8(b);
    }
  }
  return { width: source.width, height, data };
}

/**
 * Scales a picture as PIL's `Image.resize` does, to the bit: a separable convolution whose kernel widens with the scale
 * (antialiased), rows first, then columns, each rounded to 8 bits, weights in 22-bit fixed point.
 *
 * Costs about `3 * (width * H * s + width * height * s)` multiplications, `s` being the window's length. Fails with
 * `bad-argument` for an unknown filter, a size that is not positive and whole, and a box that leaves the source.
 *
 * @example
 * const half = resize(picture, picture.width / 2, picture.height / 2, { filter: 'lanczos' });
 */
export function resize(picture: Picture, width: number, height: number, options: ResizeOptions = {}): Picture {
  const { filter = 'bilinear' } = options;
  checkPicture('resize', picture);
  checkSize('resize', width, height);
  if (!Object.hasOwn(resizeKernels, filter)) throw unknownName('resize', 'filter', filter, Object.keys(resizeKernels));
  const box = options.box ?? [0, 0, picture.width, picture.height];
  checkArgument(
    box[0] >= 0 &&
      box[1] >= 0 &&
      box[2] > box[0] &&
      box[3] > box[1] &&
      box[2] <= picture.width &&
      box[3] <= picture.height,
    () =>
      `resize: box [x0, y0, x1, y1] must lie within ${picture.width}x${picture.height} and not be empty, got [${box}]`,
  );
  // PIL keeps the box in single precision.
  const [x0, y0, x1, y1] = box.map(Math.fround) as [number, number, number, number];
  const scaleRows = width !== picture.width || x0 !== 0 || x1 !== width;
  const scaleColumns = height !== picture.height || y0 !== 0 || y1 !== height;
  const columns = windows(picture.height, y0, y1, height, filter);
  let top = 0;
  let result = picture;
  if (scaleRows) {
    top = columns.start[0]!;
    const bottom = columns.start[height - 1]! + columns.length[height - 1]!;
    result = horizontal(picture, width, top, bottom, windows(picture.width, x0, x1, width, filter));
  }
  if (scaleColumns) result = vertical(result, height, top, columns);
  return result === picture ? { width, height, data: picture.data.slice() } : result;
}
