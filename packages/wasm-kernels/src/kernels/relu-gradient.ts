import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** The gradient of ReLU from its output: dy where y > 0, 0 elsewhere. */
export const reluGradKernel = wasmKernel('ReluGrad', reluGrad);

function reluGrad({ routines, address, output }: WasmPrimitives, { dy, y }: Inputs<'dy' | 'y'>): TensorInfo {
  checkArgument(
    [dy, y].every(({ shape, dtype }) => dtype === 'float32' && util.arraysEqual(shape, y.shape)),
    () => `reluGrad: dy and y of one shape are required in float32, got [${dy.shape}] and [${y.shape}]`,
  );
  const dx = output(y.shape);
  routines.reluGradient(address(dy), address(y), address(dx), util.sizeFromShape(y.shape));
  return dx;
}
