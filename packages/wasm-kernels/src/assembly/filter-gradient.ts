import { alignedTable, fillRuns, frameSize } from './convolution';
import { copyWords, framePicture, widenRows } from './image';
import { TILE_ROWS, columnKernel } from './micro-kernel';
import { PANEL } from './tile';

// The rows of x and dy that one pass over all of the filter reads stay in the first-level cache.
const BLOCK_BYTES: i32 = 24576;

/**
 * dFilter[kh,kw,c,n] = Σ over b, oh, ow of x[b, oh·strideH − top + kh·dilationH, …, c] · dy[b,oh,ow,n]: four neighbouring
 * numbers of a patch times eight of dy at each position, both read in place, summed over a few rows at a time.
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
  const joined = dilationW == 1;
  const runCount = joined ? kernelHeight : kernelHeight * kernelWidth;
  const runLength = joined ? kernelWidth * channels : channels;
  const tiles = (runLength + TILE_ROWS - 1) / TILE_ROWS;
  const stride = wide(filters);
  const frameHeight = frameSize(outHeight, strideH, kernelHeight, dilationH);
  const frameWidth = frameSize(outWidth, strideW, kernelWidth, dilationW);
  // A tile that is not full reads past its run, so then the picture is copied to where there is room behind it.
  const framed = top != 0 || left != 0 || frameHeight > height || frameWidth > width || runLength % TILE_ROWS != 0;
  const rowStep = (<usize>((framed ? frameWidth : width) * channels)) << 2;
  const pixel = (<usize>channels) << 2;
  const dyStep = (<usize>stride) << 2;
  const dyRowStep = <usize>outWidth * dyStep;

  const runs = scratch;
  fillRuns(runs, kernelHeight, joined ? 1 : kernelWidth, <usize>dilationH * rowStep, <usize>dilationW * pixel);
  const sums = runs + alignedTable(runCount);
  const sumBytes = <usize>(runCount * tiles * TILE_ROWS) * dyStep;
  memory.fill(sums, 0, sumBytes);
  const widened = sums + sumBytes;
  const frame = widened + (stride == filters ? 0 : <usize>outHeight * dyRowStep);

  const rowBytes = <usize>strideH * rowStep + dyRowStep;
  const blockRows = max(1, BLOCK_BYTES / <i32>rowBytes);
  for (let picture = 0; picture < batch; ++picture) {
    let from = x + <usize>picture * <usize>(height * width) * pixel;
    if (framed) {
      framePicture(from, height, width, channels, top, left, frameHeight, frameWidth, frame);
      from = frame;
    }
    let against = dy + ((<usize>picture * <usize>(outHeight * outWidth * filters)) << 2);
    if (stride != filters) {
      widenRows(against, outHeight * outWidth, filters, stride, widened);
      against = widened;
    }
    for (let row = 0; row < outHeight; row += blockRows) {
      const rows = min(blockRows, outHeight - row);
      const block = from + <usize>(row * strideH) * rowStep;
      const dyBlock = against + <usize>row * dyRowStep;
      let sum = sums;
      for (let run = 0; run < runCount; ++run) {
        let a = block + load<usize>(runs + ((<usize>run) << 2));
        for (let tile = 0; tile < tiles; ++tile) {
          for (let column: usize = 0; column < dyStep; column += 32) {
            columnKernel(
              a,
              <usize>strideH * rowStep,
              <usize>strideW * pixel,
              dyBlock + column,
              dyRowStep,
              dyStep,
              rows,
              outWidth,
              sum + column,
              dyStep,
            );
          }
          a += (<usize>TILE_ROWS) << 2;
          sum += <usize>TILE_ROWS * dyStep;
        }
      }
    }
  }
  for (let run = 0; run < runCount; ++run) {
    let sum = sums + <usize>(run * tiles * TILE_ROWS) * dyStep;
    for (let i = 0; i < runLength; ++i) {
      copyWords(sum, filter, (<usize>filters) << 2);
      filter += (<usize>filters) << 2;
      sum += dyStep;
    }
  }
}

function wide(filters: i32): i32 {
  return (filters + PANEL - 1) & ~(PANEL - 1);
}

/** Bytes of scratch that `filterGradient` needs. */
export function filterGradientScratch(
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
  const taps = kernelHeight * kernelWidth;
  const frame =
    <usize>frameSize(outHeight, strideH, kernelHeight, dilationH) *
    <usize>frameSize(outWidth, strideW, kernelWidth, dilationW);
  const sums = <usize>(taps * (channels + TILE_ROWS)) * <usize>wide(filters);
  const widened = <usize>(outHeight * outWidth) * <usize>wide(filters);
  return alignedTable(taps) + ((sums + widened + frame * <usize>channels) << 2) + 64;
}
