import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { channelRows } from './channel-rows.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

interface Attrs {
  epsilon: number;
}

/** Batch normalisation by given statistics: x [..., C], scale, offset, mean and variance [C] give y (as x), in one pass. */
export const batchNormInferenceKernel = wasmKernel('BatchNormInference', batchNormInference);

function batchNormInference(
  primitives: WasmPrimitives,
  { x, scale, offset, mean, variance }: Inputs<'x' | 'scale' | 'offset' | 'mean' | 'variance'>,
  { epsilon }: Attrs,
): TensorInfo[] {
  const [rows, channels] = channelRows('batchNormInference', x, [scale, offset, mean, variance]);
  const { routines, address: at } = primitives;
  const y = primitives.output(x.shape);
  const scratch = primitives.scratch(routines.batchNormScratch(channels) >>> 0);
  // prettier-ignore
  routines.batchNormByGiven(at(x), at(scale), at(offset), at(mean), at(variance), at(y), rows, channels, epsilon, scratch);
  return [y];
}
