import { alignedTable, frameSize } from './convolution';
import { framePicture } from './image';
import { TILE_ROWS, panelKernel } from './micro-kernel';
import { copyPart } from './panel-products';
import { PANEL, packPanels } from './tile';

// Positions that are summed before the sums go to memory, and filters beside each other: a block of dy of 256 KiB stays in
// the second-level cache, a panel of x and one of dy in the first.
const POSITIONS: i32 = 256;
const FILTERS: i32 = 256;
const SPARE_BYTES: usize = 128;

/**
 * dFilter[kh,kw,c,n] = Σ over b, oh, ow of x[b, oh·strideH − top + kh·dilationH, …, c] · dy[b,oh,ow,n] as a product of
 * matrices PᵀD whose inner side is the positions of as many pictures as fill a block: small maps are summed in registers, too.
 */
export function filterGradient(
  x: usize,
  dy: usize,
  filter: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  filters: i32,
  outHeight: i32,
  outWidth: i32,
  strideH: i32,
  strideW: i32,
  dilationH: i32,
  dilationW: i32,
  top: i32,
  left: i32,
  scratch: usize,
): void {
  const frameHeight = frameSize(outHeight, strideH, kernelHeight, dilationH);
  const frameWidth = frameSize(outWidth, strideW, kernelWidth, dilationW);
  const framed = top != 0 || left != 0 || frameHeight > height || frameWidth > width;
  const pixel = (<usize>channels) << 2;
  const rowStep = <usize>(framed ? frameWidth : width) * pixel;
  const pictureStep = <usize>(framed ? frameHeight : height) * rowStep;
  const depth = kernelHeight * kernelWidth * channels;
  const perPicture = outHeight * outWidth;
  const dyStep = (<usize>filters) << 2;

  const offsets = scratch;
  fillOffsets(offsets, kernelHeight, kernelWidth, channels, <usize>dilationH * rowStep, <usize>dilationW * pixel);
  const bases = offsets + alignedTable(depth);
  const spare = bases + ((<usize>POSITIONS) << 2);
  const patches = spare + SPARE_BYTES;
  const packed = patches + ((<usize>(POSITIONS * PANEL)) << 2);
  const frame = packed + ((<usize>(POSITIONS * FILTERS)) << 2);

  if (batch == 0) memory.fill(filter, 0, <usize>depth * dyStep);
  const group = max(1, POSITIONS / perPicture);
  for (let picture = 0; picture < batch; picture += group) {
    const pictures = min(group, batch - picture);
    let from = x + <usize>picture * <usize>(height * width) * pixel;
    if (framed) {
      for (let i = 0; i < pictures; ++i) {
        const one = from + <usize>i * <usize>(height * width) * pixel;
        framePicture(one, height, width, channels, top, left, frameHeight, frameWidth, frame + <usize>i * pictureStep);
      }
      from = frame;
    }
    const against = dy + <usize>(picture * perPicture) * dyStep;
    const positions = pictures * perPicture;
    // Blocks of equal size: no short one at the end.
    const blocks = (positions + POSITIONS - 1) / POSITIONS;
    for (let block = 0; block < blocks; ++block) {
      const first = <i32>((<i64>positions * block) / blocks);
      const length = <i32>((<i64>positions * (block + 1)) / blocks) - first;
      fillBases(
        bases,
        from,
        first,
        length,
        outHeight,
        outWidth,
        pictureStep,
        <usize>strideH * rowStep,
        <usize>strideW * pixel,
      );
      for (let column = 0; column < filters; column += FILTERS) {
        const columns = min(FILTERS, filters - column);
        const to = filter + ((<usize>column) << 2);
        packPanels(against + <usize>first * dyStep + ((<usize>column) << 2), dyStep, length, columns, packed);
        for (let row = 0; row < depth; row += PANEL) {
          const rows = min(PANEL, depth - row);
          packPatches(bases, length, offsets + ((<usize>row) << 2), rows, patches);
          addProduct(
            patches,
            rows,
            packed,
            columns,
            length,
            i32(picture + block > 0),
            to + <usize>row * dyStep,
            dyStep,
            spare,
          );
        }
      }
    }
  }
}

/** The byte offset, from the first number of a patch, of each of its numbers. */
function fillOffsets(
  offsets: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  rowOffset: usize,
  columnOffset: usize,
): void {
  for (let row = 0; row < rows; ++row) {
    for (let column = 0; column < columns; ++column) {
      const tap = <usize>row * rowOffset + <usize>column * columnOffset;
      for (let c = 0; c < channels; ++c, offsets += 4) store<usize>(offsets, tap + ((<usize>c) << 2));
    }
  }
}

/** Where the patches of positions first, first + 1, … begin. */
function fillBases(
  bases: usize,
  from: usize,
  first: i32,
  length: i32,
  outHeight: i32,
  outWidth: i32,
  pictureStep: usize,
  rowStep: usize,
  columnStep: usize,
): void {
  const rows = first / outWidth;
  let column = first % outWidth;
  let row = rows % outHeight;
  let picture = from + <usize>(rows / outHeight) * pictureStep;
  let at = picture + <usize>row * rowStep + <usize>column * columnStep;
  for (let i = 0; i < length; ++i, bases += 4) {
    store<usize>(bases, at);
    at += columnStep;
    if (++column < outWidth) continue;
    column = 0;
    if (++row == outHeight) {
      row = 0;
      picture += pictureStep;
    }
    at = picture + <usize>row * rowStep;
  }
}

/** A panel of eight columns of the patches, one row for each position; columns that are not there are zeros. */
function packPatches(bases: usize, length: i32, offsets: usize, columns: i32, to: usize): void {
  const end = bases + ((<usize>length) << 2);
  const first = load<usize>(offsets);
  if (columns == PANEL && load<usize>(offsets, 28) == first + 28) {
    for (; bases < end; bases += 4, to += 32) {
      const at = load<usize>(bases) + first;
      v128.store(to, v128.load(at));
      v128.store(to, v128.load(at, 16), 16);
    }
    return;
  }
  const width = (<usize>columns) << 2;
  for (; bases < end; bases += 4, to += 32) {
    const base = load<usize>(bases);
    v128.store(to, f32x4.splat(0));
    v128.store(to, f32x4.splat(0), 16);
    for (let i: usize = 0; i < width; i += 4) store<f32>(to + i, load<f32>(base + load<usize>(offsets + i)));
  }
}

/** `C = AᵀB` (+ C) for a panel A and panels B of so many rows. */
function addProduct(
  a: usize,
  rows: i32,
  b: usize,
  columns: i32,
  length: i32,
  accumulate: i32,
  c: usize,
  cStep: usize,
  spare: usize,
): void {
  for (let column = 0; column < columns; column += PANEL) {
    const width = min(PANEL, columns - column);
    for (let row = 0; row < rows; row += TILE_ROWS) {
      const left = a + ((<usize>row) << 2);
      const to = c + <usize>row * cStep + ((<usize>column) << 2);
      if (width == PANEL && row + TILE_ROWS <= rows) {
        panelKernel(left, b, length, 0, 0, 0, 1, accumulate, to, cStep, 0, 0);
      } else {
        panelKernel(left, b, length, 0, 0, 0, 1, 0, spare, 32, 0, 0);
        copyPart(spare, min(TILE_ROWS, rows - row), width, accumulate, to, cStep, 0);
      }
    }
    b += (<usize>length) << 5;
  }
}

/** Bytes of scratch that `filterGradient` needs. */
export function filterGradientScratch(
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  outHeight: i32,
  outWidth: i32,
  strideH: i32,
  strideW: i32,
  dilationH: i32,
  dilationW: i32,
): usize {
  const frame =
    <usize>frameSize(outHeight, strideH, kernelHeight, dilationH) *
    <usize>frameSize(outWidth, strideW, kernelWidth, dilationW);
  const group = <usize>max(1, POSITIONS / max(1, outHeight * outWidth));
  const tables = alignedTable(kernelHeight * kernelWidth * channels) + ((<usize>POSITIONS) << 2);
  const panels = (<usize>(POSITIONS * (PANEL + FILTERS))) << 2;
  return tables + SPARE_BYTES + panels + ((group * frame * <usize>channels) << 2) + 64;
}
