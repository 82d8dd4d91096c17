import { alignedTable, frameSize } from './convolution';
import { framePictures } from './image';
import { BESIDE_PANELS, PANEL, packPanels, packedBytes } from './pack';
import { fillPositions } from './positions';
import { C_TABLE, CONTEXT_BYTES, DEPTH, PANEL_BYTES, WIDTH, fillTables, prepareContext, stripTiles } from './tile';

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

  prepareContext(scratch);
  const offsets = scratch + CONTEXT_BYTES;
  fillOffsets(offsets, kernelHeight, kernelWidth, channels, <usize>dilationH * rowStep, <usize>dilationW * pixel);
  const bases = offsets + alignedTable(depth);
  const packed = bases + ((<usize>DEPTH) << 2);
  const patches = packed + packedBytes(DEPTH, WIDTH) + BESIDE_PANELS;
  const frame = patches + PANEL_BYTES;

  if (batch == 0) memory.fill(filter, 0, <usize>depth * dyStep);
  const group = max(1, DEPTH / perPicture);
  for (let picture = 0; picture < batch; picture += group) {
    const pictures = min(group, batch - picture);
    let from = x + <usize>picture * <usize>(height * width) * pixel;
    if (framed) {
      framePictures(from, pictures, height, width, channels, top, left, frameHeight, frameWidth, frame);
      from = frame;
    }
    const against = dy + <usize>(picture * perPicture) * dyStep;
    const positions = pictures * perPicture;
    // Blocks of equal size: no short one at the end.
    const blocks = (positions + DEPTH - 1) / DEPTH;
    for (let block = 0; block < blocks; ++block) {
      const first = <i32>((<i64>positions * block) / blocks);
      const length = <i32>((<i64>positions * (block + 1)) / blocks) - first;
      fillPositions(
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
      for (let column = 0; column < filters; column += WIDTH) {
        const columns = min(WIDTH, filters - column);
        packPanels(against + <usize>first * dyStep + ((<usize>column) << 2), dyStep, length, columns, packed);
        for (let row = 0; row < depth; row += PANEL) {
          const rows = min(PANEL, depth - row);
          packPatches(bases, length, offsets + ((<usize>row) << 2), rows, patches);
          for (let i = 0; i < rows; ++i) {
            store<usize>(scratch + C_TABLE + ((<usize>i) << 2), filter + <usize>(row + i) * dyStep);
          }
          fillTables(scratch, rows);
          stripTiles(scratch, 0, rows, patches, length, packed, column, columns, i32(picture + block > 0));
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
  const group = <usize>max(1, DEPTH / max(1, outHeight * outWidth));
  const tables = alignedTable(kernelHeight * kernelWidth * channels) + ((<usize>DEPTH) << 2);
  const panels = packedBytes(DEPTH, WIDTH) + BESIDE_PANELS + PANEL_BYTES;
  return CONTEXT_BYTES + tables + panels + ((group * frame * <usize>channels) << 2) + 64;
}
