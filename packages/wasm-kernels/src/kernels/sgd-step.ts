import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

interface Attrs {
  lr: number;
  momentum: number;
  weightDecay: number;
}

/**
 * A step of gradient descent: weight, gradient, velocity of one shape give `velocity′ = momentum·velocity + gradient +
 * weightDecay·weight` and `weight′ = weight − lr·velocity′`, as [weight′, velocity′]. A weight or velocity whose numbers no
 * other tensor uses is overwritten.
 */
export const sgdStepKernel = wasmKernel('SgdStep', sgdStep);

function sgdStep(
  primitives: WasmPrimitives,
  { weight, gradient, velocity }: Inputs<'weight' | 'gradient' | 'velocity'>,
  { lr, momentum, weightDecay }: Attrs,
): TensorInfo[] {
  checkArgument(
    [weight, gradient, velocity].every(
      ({ shape, dtype }) => dtype === 'float32' && util.arraysEqual(shape, weight.shape),
    ),
    () =>
      `sgdStep: weight, gradient and velocity of one shape are required in float32, got [${weight.shape}], [${gradient.shape}] and [${velocity.shape}]`,
  );
  const { routines, address: at } = primitives;
  const outputs = [overwritten(primitives, weight), overwritten(primitives, velocity)] as const;
  const count = util.sizeFromShape(weight.shape);
  // prettier-ignore
  routines.sgdStep(at(weight), at(gradient), at(velocity), at(outputs[0]), at(outputs[1]), count, lr, momentum, weightDecay);
  return [...outputs];
}

/** The tensor itself, once more, if nobody else uses its numbers; else a new one. */
function overwritten({ backend, output }: WasmPrimitives, x: TensorInfo): TensorInfo {
  if (backend.refCount(x.dataId) > 1) return output(x.shape);
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}
