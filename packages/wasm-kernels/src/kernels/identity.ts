import { Identity } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/**
 * A tensor on the same numbers. The released kernel copies them, for every clone and for everything that the tape keeps; kernels
 * do not write to their inputs, and the backend counts who uses a block of numbers.
 */
export const identityKernel = wasmKernel(Identity, ({ backend }: WasmPrimitives, { x }: Inputs<'x'>): TensorInfo => {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
});
