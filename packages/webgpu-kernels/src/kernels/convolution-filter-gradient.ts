import { backend_util, Conv2DBackpropFilter, type TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { product } from '../product.ts';
import { free, output } from '../program.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import { singleOutputKernel } from './registration.ts';

type Shape4D = [number, number, number, number];

/** Those of TensorFlow.js's kernel. */
interface Attributes {
  strides: number | [number, number];
  pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat: 'NHWC' | 'NCHW';
  filterShape: number[];
}

const infoOf = (xShape: number[], filterShape: number[], { strides, pad, dimRoundingMode }: Attributes) =>
  backend_util.computeConv2DInfo(xShape as Shape4D, filterShape as Shape4D, strides, 1, pad, dimRoundingMode);

type ConvInfo = ReturnType<typeof infoOf>;

const sizesOf = (info: ConvInfo) => ({
  height: info.inHeight,
  width: info.inWidth,
  channels: info.inChannels,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  filters: info.outChannels,
  filterHeight: info.filterHeight,
  filterWidth: info.filterWidth,
  strideY: info.strideHeight,
  strideX: info.strideWidth,
  top: info.padInfo.top,
  left: info.padInfo.left,
});

/** Groups that fill a device, and positions that are worth a group. */
const BUSY = 512;
const LEAST_POSITIONS = 256;

/** In how many parts the sum over positions is cut where the filter is too small to fill the device. */
function partsOf(rows: number, columns: number, positions: number): number {
  const tiles = Math.ceil(rows / 64) * Math.ceil(columns / 64);
  return Math.max(1, Math.min(Math.floor(BUSY / tiles), Math.ceil(positions / LEAST_POSITIONS)));
}

/** x under tap i = (ky,kx,c) of the filter at position k = (b,oy,ox) of the result. */
const UNDER_TAP = `
fn underTap(part: u32, i: u32, k: u32) -> f32 {
  let position = part * sizes.depth + k;
  if (position >= sizes.positions) { return 0.0; }
  let tap = i / sizes.channels;
  let ox = position % sizes.outWidth;
  let line = position / sizes.outWidth;
  // Above and left of the features these are larger than any extent.
  let y = (line % sizes.outHeight) * sizes.strideY + tap / sizes.filterWidth - sizes.top;
  let x = ox * sizes.strideX + tap % sizes.filterWidth - sizes.left;
  if (y >= sizes.height || x >= sizes.width) { return 0.0; }
  return features[((line / sizes.outHeight * sizes.height + y) * sizes.width + x) * sizes.channels + i % sizes.channels];
}
fn slopeAt(part: u32, k: u32, j: u32) -> f32 {
  let position = part * sizes.depth + k;
  if (position >= sizes.positions) { return 0.0; }
  return dy[position * sizes.filters + j];
}`;

/**
 * `dW[ky,kx,c,f] = Σ x[b, oy·s + ky − p, ox·s + kx − p, c] dy[b,oy,ox,f]`: a product of matrices whose left one is gathered from the
 * features tile by tile. Small filters take a second dispatch, which adds up the parts of the sum in their order.
 */
export const convolutionFilterGradientKernel = singleOutputKernel<'x' | 'dy', Attributes>(
  Conv2DBackpropFilter,
  (backend, { x, dy }, attributes, released) => {
    if (attributes.dataFormat !== 'NHWC') return released();
    const { filterShape } = attributes;
    const info = infoOf(x.shape, filterShape, attributes);
    const [rows, columns] = [info.filterHeight * info.filterWidth * info.inChannels, info.outChannels];
    const positions = info.batchSize * info.outHeight * info.outWidth;
    const parts = partsOf(rows, columns, positions);
    const dw = output(backend, filterShape);
    const sums = parts === 1 ? dw : output(backend, [parts, rows, columns]);
    product(backend, {
      label: 'ConvolutionFilterGradient',
      reads: { features: x, dy },
      writes: { sums },
      sizes: { positions, ...sizesOf(info) },
      batch: parts,
      rows,
      columns,
      depth: Math.ceil(positions / parts),
      left: 'underTap(batch, i, k)',
      right: 'slopeAt(batch, k, j)',
      leftFast: 'outer',
      functions: UNDER_TAP,
      store: 'sums[(batch * sizes.rows + i) * sizes.columns + j] = value;',
    });
    if (parts > 1) addUp(backend, sums, dw, parts, rows * columns);
    return [dw];
  },
);

function addUp(backend: RecordingBackend, sums: TensorInfo, total: TensorInfo, parts: number, length: number): void {
  elementwise(backend, {
    label: 'ConvolutionFilterGradientSum',
    reads: { sums },
    writes: { total },
    sizes: { parts },
    count: length,
    body: `
      var own = 0.0;
      for (var part = 0u; part < sizes.parts; part++) { own += sums[part * sizes.count + index]; }
      total[index] = own;`,
  });
  free(backend, sums);
}
