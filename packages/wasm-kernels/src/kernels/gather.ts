import { checkArgument } from '@covpool/base';
import { backend_util, GatherV2, util } from '@tensorflow/tfjs-core';
import type { GatherV2Attrs, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** Slices of x along an axis, by their indices; the first `batchDims` dimensions go along. */
export const gatherKernel = wasmKernel(GatherV2, gather);

function gather(
  primitives: WasmPrimitives,
  { x, indices }: Inputs<'x' | 'indices'>,
  { axis, batchDims }: GatherV2Attrs,
): TensorInfo {
  checkArgument(
    x.dtype !== 'string' && indices.dtype === 'int32',
    () => `gather: wasm takes numbers by int32 indices, got ${x.dtype} by ${indices.dtype}`,
  );
  const [along = 0] = util.parseAxisParam(axis, x.shape);
  const shapes = backend_util.segment_util.collectGatherOpShapeInfo(x as Tensor, indices as Tensor, along, batchDims);
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = shapes;
  const out = primitives.output(outputShape, x.dtype);
  const count = util.sizeFromShape(indices.shape) / Math.max(batchSize, 1);
  const bytes = sliceSize * util.bytesPerElement(x.dtype);
  const at = primitives.address;
  if (util.sizeFromShape(outputShape) === 0) return out;
  const inRange = primitives.routines.gatherSlices(
    ...([at(x), at(indices), at(out)] as const),
    ...([batchSize, outerSize, dimSize, count, bytes] as const),
  );
  if (inRange) return out;
  primitives.backend.disposeData(out.dataId);
  checkArgument(false, () => `gather: every index must be from 0 to ${dimSize - 1}, got one that is not`);
}
