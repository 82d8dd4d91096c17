import { framePicture } from './image';
import { TILE_ROWS } from './micro-kernel';
import { C_TABLE, CONTEXT_BYTES, PANEL, fillTables, packPanels, prepareContext, rowTile, transposeRows } from './tile';

const FILTER_BYTES: i32 = 262144;

/**
 * y[b,oh,ow,n] = Σ x[b, oh·strideH − top + kh·dilationH, ow·strideW − left + kw·dilationW, c] · filter[kh,kw,c,n] as a product
 * of matrices whose left rows are read in place: a patch is a few runs of neighbouring numbers of the framed picture. The
 * steps of y (in numbers, between pictures, rows, columns) let it fill every second pixel. Scratch: `convolutionScratch`.
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
  const runs = scratch + CONTEXT_BYTES;
  fillRuns(runs, kernelHeight, joined ? 1 : kernelWidth, <usize>dilationH * rowStep, <usize>dilationW * pixel);

  const depth = runCount * runLength;
  const groupColumns = max(PANEL, (FILTER_BYTES / (max(depth, 1) * 32)) * PANEL);
  const packed = runs + alignedTable(runCount);
  const frame = packed + groupBytes(depth, filters);
  const xBatchStep = <usize>height * <usize>width * pixel;
  for (let column = 0; column < filters; column += groupColumns) {
    const columns = min(groupColumns, filters - column);
    packPanels(filter + ((<usize>column) << 2), (<usize>filters) << 2, depth, columns, packed);
    for (let picture = 0; picture < batch; ++picture) {
      let base = x + <usize>picture * xBatchStep;
      if (framed) {
        framePicture(base, height, width, channels, top, left, frameHeight, frameWidth, frame);
        base = frame;
      }
      const to = y + ((<usize>picture * <usize>yBatchStep) << 2);
      const positions = outHeight * outWidth;
      let row = 0;
      let at = 0;
      for (let position = 0; position < positions; position += TILE_ROWS) {
        const rows = min(TILE_ROWS, positions - position);
        for (let i = 0; i < rows; ++i) {
          store<usize>(
            scratch + ((<usize>i) << 2),
            base + <usize>(row * strideH) * rowStep + <usize>(at * strideW) * pixel,
          );
          store<usize>(scratch + C_TABLE + ((<usize>i) << 2), to + ((<usize>(row * yRowStep + at * yColumnStep)) << 2));
          if (++at == outWidth) {
            at = 0;
            ++row;
          }
        }
        fillTables(scratch, rows);
        rowTile(scratch, rows, runs, runCount, runLength, packed, column, columns, 0);
      }
    }
  }
}

export function frameSize(out: i32, stride: i32, kernel: i32, dilation: i32): i32 {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

export function alignedTable(runCount: i32): usize {
  return ((<usize>(runCount + 3)) & ~3) << 2;
}

function groupBytes(depth: i32, filters: i32): usize {
  const panel = (<usize>depth) << 5;
  const all = <usize>((filters + PANEL - 1) / PANEL) * panel;
  return min(all, max(panel, <usize>FILTER_BYTES));
}

/** The byte offsets, from a patch's first number, at which its runs of neighbouring numbers begin. */
function fillRuns(runs: usize, rows: i32, columns: i32, rowOffset: usize, columnOffset: usize): void {
  for (let row = 0; row < rows; ++row) {
    for (let column = 0; column < columns; ++column) {
      store<usize>(runs, <usize>row * rowOffset + <usize>column * columnOffset);
      runs += 4;
    }
  }
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
  return (
    CONTEXT_BYTES + alignedTable(taps) + groupBytes(taps * channels, filters) + ((frame * <usize>channels) << 2) + 64
  );
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
