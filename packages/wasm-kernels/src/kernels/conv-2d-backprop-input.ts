import { CovpoolError } from '@covpool/base';
import { Conv2DBackpropInput, util } from '@tensorflow/tfjs-core';
import type { Conv2DBackpropInputAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { geometry, isPointwise } from './convolution-geometry.ts';
import type { Geometry } from './convolution-geometry.ts';
import { convolve, convolveScratch } from './convolve.ts';
import type { Convolution } from './convolve.ts';
import { axisPhases } from './phases.ts';
import type { AxisPhase } from './phases.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

type Attrs = Conv2DBackpropInputAttrs & { dilations?: number | [number, number] };

/**
 * The gradient of a convolution with respect to its input. The input pixels whose coordinates leave the same remainders by
 * the strides form a phase; each phase is a convolution of dy, of stride 1, with some of the taps in reverse order. Beyond
 * the released kernel it takes `dilations` (at stride 1).
 */
export const conv2dBackpropInputKernel = wasmKernel(Conv2DBackpropInput, backpropInput);

function backpropInput(primitives: WasmPrimitives, { dy, filter }: Inputs<'dy' | 'filter'>, attrs: Attrs): TensorInfo {
  const g = geometry('conv2dBackpropInput', attrs.inputShape, filter.shape, attrs);
  if (g.strideH * g.strideW > 1 && g.dilationH * g.dilationW > 1) {
    throw new CovpoolError('unsupported', 'conv2dBackpropInput: strides or dilations must be 1, got neither');
  }
  const dx = primitives.output(attrs.inputShape);
  if (util.sizeFromShape(attrs.inputShape) === 0) return dx;
  const from = primitives.address(dy);
  const by = primitives.address(filter);
  const to = primitives.address(dx);
  if (isPointwise(g)) {
    primitives.gemm(from, by, to, g.batch * g.height * g.width, g.channels, g.filters, { transposeB: true });
    return dx;
  }
  const rows = axisPhases(g.height, g.kernelHeight, g.strideH, g.dilationH, g.top);
  const columns = axisPhases(g.width, g.kernelWidth, g.strideW, g.dilationW, g.left);
  if (g.batch * g.outHeight * g.outWidth * g.filters === 0 || [...rows, ...columns].some(({ taps }) => taps === 0)) {
    primitives.clear(to, 4 * util.sizeFromShape(attrs.inputShape));
  }
  if (g.outHeight * g.outWidth * g.filters === 0) return dx;
  for (const row of rows) {
    for (const column of columns) {
      if (row.taps * column.taps > 0) phase(primitives, from, by, to, g, row, column);
    }
  }
  return dx;
}

function phase(
  primitives: WasmPrimitives,
  dy: number,
  filter: number,
  dx: number,
  g: Geometry,
  row: AxisPhase,
  column: AxisPhase,
): void {
  const rowStep = g.width * g.channels;
  const part: Convolution = {
    batch: g.batch,
    height: g.outHeight,
    width: g.outWidth,
    channels: g.filters,
    kernelHeight: row.taps,
    kernelWidth: column.taps,
    filters: g.channels,
    outHeight: row.size,
    outWidth: column.size,
    strideH: 1,
    strideW: 1,
    dilationH: g.dilationH,
    dilationW: g.dilationW,
    top: row.padding,
    left: column.padding,
    yBatchStep: g.height * rowStep,
    yRowStep: g.strideH * rowStep,
    yColumnStep: g.strideW * g.channels,
  };
  const to = dx + 4 * (row.start * rowStep + column.start * g.channels);
  const tap = g.channels * g.filters;
  if (row.taps * column.taps === 1) {
    const only = filter + 4 * (row.first * g.kernelWidth + column.first) * tap;
    convolve(primitives, dy, only, to, part, primitives.scratch(convolveScratch(primitives, part)), true);
    return;
  }
  const reversed = 4 * row.taps * column.taps * tap;
  const area = primitives.scratch(reversed + 16 + convolveScratch(primitives, part));
  // prettier-ignore
  primitives.routines.reverseFilter(filter, g.kernelWidth, g.channels, g.filters,
    row.first, g.strideH, row.taps, column.first, g.strideW, column.taps, area);
  convolve(primitives, dy, area, to, part, area + Math.ceil(reversed / 16) * 16);
}
