import { checkArgument } from '@covpool/base';
import { Tile, util } from '@tensorflow/tfjs-core';
import type { TensorInfo, TileAttrs } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** Repeats a tensor along its axes (`broadcastTo` is made of it), whole blocks at a time. */
export const tileKernel = wasmKernel(Tile, tile);

function tile(primitives: WasmPrimitives, { x }: Inputs<'x'>, { reps }: TileAttrs): TensorInfo {
  checkArgument(x.dtype !== 'string', () => 'tile: wasm tiles numbers, got strings; keep them outside of tensors');
  const outShape = x.shape.map((extent, axis) => extent * reps[axis]!);
  let shape = [...x.shape];
  let from = x;
  // From the last axis to the first, so that the earlier passes are the small ones.
  for (let axis = shape.length - 1; axis >= 0; --axis) {
    if (reps[axis] === 1 && !(axis === 0 && from === x)) continue;
    const blocks = util.sizeFromShape(shape.slice(0, axis));
    const bytes = util.sizeFromShape(shape.slice(axis)) * util.bytesPerElement(x.dtype);
    shape = shape.with(axis, outShape[axis]!);
    const to = primitives.output(shape, x.dtype);
    if (util.sizeFromShape(shape) > 0) {
      primitives.routines.repeatBlocks(primitives.address(from), primitives.address(to), blocks, bytes, reps[axis]!);
    }
    if (from !== x) primitives.backend.disposeData(from.dataId);
    from = to;
  }
  return from;
}
