import { checkArgument } from '@covpool/base';
import { UnsortedSegmentSum, util } from '@tensorflow/tfjs-core';
import type { TensorInfo, UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** out[s] = Σ of x[i] over the i with segmentIds[i] = s, in float32; negative ids and ids ≥ numSegments are left out. */
export const unsortedSegmentSumKernel = wasmKernel(UnsortedSegmentSum, unsortedSegmentSum);

function unsortedSegmentSum(
  primitives: WasmPrimitives,
  { x, segmentIds }: Inputs<'x' | 'segmentIds'>,
  { numSegments }: UnsortedSegmentSumAttrs,
): TensorInfo {
  const [rows = 0, ...rest] = x.shape;
  checkArgument(
    segmentIds.dtype === 'int32' && segmentIds.shape.length === 1 && segmentIds.shape[0] === x.shape[0],
    () => `unsortedSegmentSum: int32 segmentIds [${rows}] are required, got ${segmentIds.dtype} [${segmentIds.shape}]`,
  );
  checkArgument(
    x.dtype === 'float32' || x.dtype === 'int32',
    () => `unsortedSegmentSum: x must be float32 or int32, got ${x.dtype}; cast it`,
  );
  const out = primitives.output([numSegments, ...rest]);
  const at = primitives.address;
  const width = util.sizeFromShape(rest);
  const integers = Number(x.dtype === 'int32');
  primitives.routines.segmentSum(at(x), at(segmentIds), at(out), rows, width, numSegments, integers);
  return out;
}
