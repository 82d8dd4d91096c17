import type { WasmPrimitives } from '../primitives.ts';
import type { Geometry } from './convolution-geometry.ts';

/** A convolution whose output pixels stand at the given steps, in numbers. */
export type Convolution = Omit<Geometry, 'outShape'> & { yBatchStep: number; yRowStep: number; yColumnStep: number };

/** Scratch bytes of a convolution. */
export function convolveScratch({ routines }: WasmPrimitives, g: Omit<Geometry, 'outShape'>): number {
  // prettier-ignore
  return routines.convolutionScratch(g.channels, g.kernelHeight, g.kernelWidth, g.filters, g.outHeight, g.outWidth,
    g.strideH, g.strideW, g.dilationH, g.dilationW) >>> 0;
}

/** Runs a convolution on the numbers at the given addresses; a `transposed` filter has its filters first. */
export function convolve(
  { routines }: WasmPrimitives,
  x: number,
  filter: number,
  y: number,
  g: Convolution,
  scratch: number,
  transposed = false,
): void {
  // prettier-ignore
  routines.convolution(x, filter, y, g.batch, g.height, g.width, g.channels, g.kernelHeight, g.kernelWidth, g.filters,
    g.outHeight, g.outWidth, g.strideH, g.strideW, g.dilationH, g.dilationW, g.top, g.left,
    g.yBatchStep, g.yRowStep, g.yColumnStep, Number(transposed), scratch);
}
