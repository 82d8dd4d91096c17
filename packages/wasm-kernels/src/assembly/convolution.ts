import { framePictures } from './image';
import { FUSED, TILE_ROWS } from './micro-kernel';
import { BESIDE_PANELS, PANEL, packPanels, packTransposedPanels, packedBytes, packedStep, transposeRows } from './pack';
import { fillPositions } from './positions';
import {
  C_TABLE,
  CONTEXT_BYTES,
  DEPTH,
  PACK_FROM,
  PANEL_BYTES,
  ROWS,
  WIDTH,
  fillTables,
  prepareContext,
  rowTiles,
} from './tile';

const FRAMED_POSITIONS: i32 = 512;
const FILTER_BYTES: i32 = 262144;
/** Addresses nearer than this modulo 4096 are slow to read in step. */
const ALIKE: i32 = 384;

/**
 * y[b,oh,ow,n] = Σ x[b, oh·strideH − top + kh·dilationH, ow·strideW − left + kw·dilationW, c] · filter[kh,kw,c,n] as a product
 * of matrices. A left row is a patch: a few runs of neighbouring numbers of the framed picture, read in place or packed. The
 * steps of y (in numbers, between pictures, rows, columns) let it fill every second pixel. A filter may be `transposed`, [n,
 * (kh,kw,c)]. Scratch: `convolutionScratch`.
 */
export function convolution(
  x: usize,
  filter: usize,
  y: usize,
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
  yBatchStep: i32,
  yRowStep: i32,
  yColumnStep: i32,
  transposed: i32,
  scratch: usize,
): void {
  const frameHeight = frameSize(outHeight, strideH, kernelHeight, dilationH);
  const frameWidth = frameSize(outWidth, strideW, kernelWidth, dilationW);
  const framed = top != 0 || left != 0 || frameHeight > height || frameWidth > width;
  const rowStep = (<usize>((framed ? frameWidth : width) * channels)) << 2;
  const pixel = (<usize>channels) << 2;

  prepareContext(scratch);
  const joined = dilationW == 1;
  const runCount = joined ? kernelHeight : kernelHeight * kernelWidth;
  const runLength = joined ? kernelWidth * channels : channels;
  const rowTaps = joined ? 1 : kernelWidth;
  const toRow = <usize>dilationH * rowStep;
  const toColumn = <usize>dilationW * pixel;
  const runs = scratch + CONTEXT_BYTES;
  const depth = runCount * runLength;
  const packs = packsPatches(depth, filters, strideW * channels);
  const block = max(1, packs ? min(DEPTH, depth) : depth);
  const columnBlock = packs ? min(WIDTH, filters) : columnsInPlace(depth, filters);
  const packed = runs + alignedTable(2 * (runCount + 1));
  const patches = packed + packedBytes(block, columnBlock) + BESIDE_PANELS;
  const frame = patches + PANEL_BYTES;
  const perPicture = outHeight * outWidth;
  const group = framed ? framesAtATime(perPicture) : batch;
  const pictureStep = framed ? <usize>frameHeight * rowStep : <usize>height * <usize>width * pixel;
  for (let picture = 0; picture < batch; picture += group) {
    const pictures = min(group, batch - picture);
    let from = x + <usize>picture * <usize>(height * width) * pixel;
    if (framed) {
      framePictures(from, pictures, height, width, channels, top, left, frameHeight, frameWidth, frame);
      from = frame;
    }
    const to = y + ((<usize>picture * <usize>yBatchStep) << 2);
    const positions = pictures * perPicture;
    for (let column = 0; column < filters; column += columnBlock) {
      const columns = min(columnBlock, filters - column);
      // No channels at all give zeros, from one block of depth 0.
      for (let at = 0; at == 0 || at < depth; at += block) {
        const length = min(block, depth - at);
        if (transposed) {
          const taps = filter + ((<usize>column * <usize>depth + <usize>at) << 2);
          packTransposedPanels(taps, (<usize>depth) << 2, length, columns, packed);
        } else {
          const taps = filter + ((<usize>at * <usize>filters + <usize>column) << 2);
          packPanels(taps, (<usize>filters) << 2, length, columns, packed);
        }
        const count = fillRuns(runs, at, length, runLength, rowTaps, toRow, toColumn);
        for (let first = 0; first < positions; first += ROWS) {
          const rows = min(ROWS, positions - first);
          // prettier-ignore
          fillPositions(scratch, from, first, rows, outHeight, outWidth,
            pictureStep, <usize>strideH * rowStep, <usize>strideW * pixel);
          // prettier-ignore
          fillPositions(scratch + C_TABLE, to, first, rows, outHeight, outWidth,
            (<usize>yBatchStep) << 2, (<usize>yRowStep) << 2, (<usize>yColumnStep) << 2);
          fillTables(scratch, rows);
          rowTiles(scratch, rows, runs, count, length, packed, column, columns, i32(at > 0), packs ? patches : 0);
        }
      }
    }
  }
}

/**
 * Whether patches are packed. Read in place they are summed in one go, but four of them, `step` numbers apart, are slow where their
 * addresses nearly agree modulo 4096; and where each multiply-add takes two instructions, packing costs less than their addresses.
 */
function packsPatches(depth: i32, filters: i32, step: i32): bool {
  if (filters < PACK_FROM) return false;
  if (!FUSED || depth <= DEPTH) return true;
  for (let i = 1; i < TILE_ROWS; ++i) {
    const distance = 4 * i * step;
    const beside = min(distance & 4095, -distance & 4095);
    if (beside < ALIKE && distance > beside) return true;
  }
  return false;
}

/** How many filters at a time meet patches in place, so that they stay in the second-level cache. */
function columnsInPlace(depth: i32, filters: i32): i32 {
  return min(filters, max(1, FILTER_BYTES / max(1, <i32>packedStep(depth))) * PANEL);
}

/** How many pictures are framed at a time, so that a packed filter meets enough positions. */
function framesAtATime(positions: i32): i32 {
  return max(1, FRAMED_POSITIONS / max(1, positions));
}

export function frameSize(out: i32, stride: i32, kernel: i32, dilation: i32): i32 {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

export function alignedTable(runCount: i32): usize {
  return ((<usize>(runCount + 3)) & ~3) << 2;
}

/**
 * The runs of neighbouring numbers, byte offset from a patch's first number and length, of which numbers first … first + depth − 1
 * of a patch consist; gives how many. A patch has runs of one length, `columns` to a row.
 */
function fillRuns(
  runs: usize,
  first: i32,
  depth: i32,
  length: i32,
  columns: i32,
  rowOffset: usize,
  columnOffset: usize,
): i32 {
  let count = 0;
  for (let left = depth; left > 0; ++count, runs += 8) {
    const run = first / length;
    const skipped = first % length;
    const size = min(length - skipped, left);
    const offset = <usize>(run / columns) * rowOffset + <usize>(run % columns) * columnOffset;
    store<usize>(runs, offset + ((<usize>skipped) << 2));
    store<i32>(runs, size, 4);
    first += size;
    left -= size;
  }
  return count;
}

/** Bytes of scratch that `convolution` needs. */
export function convolutionScratch(
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
): usize {
  const frame =
    <usize>frameSize(outHeight, strideH, kernelHeight, dilationH) *
    <usize>frameSize(outWidth, strideW, kernelWidth, dilationW);
  const taps = kernelHeight * kernelWidth;
  const depth = taps * channels;
  const packed = packsPatches(depth, filters, strideW * channels)
    ? packedBytes(min(DEPTH, depth), min(WIDTH, filters))
    : packedBytes(depth, columnsInPlace(depth, filters));
  const frames = (<usize>framesAtATime(outHeight * outWidth) * frame * <usize>channels) << 2;
  return CONTEXT_BYTES + alignedTable(2 * (taps + 1)) + packed + BESIDE_PANELS + PANEL_BYTES + frames + 64;
}

/**
 * The filter whose convolution with dy gives one phase of dx: taps first, first + step, … (`count` of them) in reverse
 * order, channels and filters exchanged: to[i,j,n,c] = filter[firstH + stepH·(countH−1−i), …, c, n].
 */
export function reverseFilter(
  filter: usize,
  kernelWidth: i32,
  channels: i32,
  filters: i32,
  firstH: i32,
  stepH: i32,
  countH: i32,
  firstW: i32,
  stepW: i32,
  countW: i32,
  to: usize,
): void {
  for (let i = countH - 1; i >= 0; --i) {
    for (let j = countW - 1; j >= 0; --j) {
      const tap = (firstH + stepH * i) * kernelWidth + firstW + stepW * j;
      const from = filter + ((<usize>tap * <usize>(channels * filters)) << 2);
      transposeMatrix(from, channels, filters, to);
      to += (<usize>(channels * filters)) << 2;
    }
  }
}

/** A row-major [rows, columns] transposed to [columns, rows]. */
function transposeMatrix(from: usize, rows: i32, columns: i32, to: usize): void {
  const step = (<usize>columns) << 2;
  const toStep = (<usize>rows) << 2;
  const fullRows = rows & ~3;
  const fullColumns = columns & ~3;
  for (let column = 0; column < columns; column += 4) {
    const at = from + ((<usize>column) << 2);
    const target = to + <usize>column * toStep;
    let row = 0;
    if (column < fullColumns) {
      for (; row < fullRows; row += 4) {
        transposeRows(at + <usize>row * step, step, target + ((<usize>row) << 2), toStep);
      }
    }
    const width = min(4, columns - column);
    for (; row < rows; ++row) {
      for (let i = 0; i < width; ++i) {
        store<f32>(
          target + <usize>i * toStep + ((<usize>row) << 2),
          load<f32>(at + <usize>row * step + ((<usize>i) << 2)),
        );
      }
    }
  }
}
