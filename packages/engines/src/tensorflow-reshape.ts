import { type KernelFunc, type Tensor, util } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import { again, type Attribute, floatType, integers, tensorflow } from './tensorflow-operation.ts';

/** A tensor in another shape: itself where the shape is its own, as gradients of sums often ask. */
const reshape =
  (released: KernelFunc): KernelFunc =>
  (call) => {
    const x = call.inputs.x as Tensor;
    const { shape } = call.attrs as { shape: number[] };
    if (util.arraysEqual(x.shape, shape)) return again(x);
    if (x.dtype !== 'float32') return released(call);
    const { binding } = tensorflow();
    const ofShape: Attribute = { name: 'Tshape', type: binding.TF_ATTR_TYPE, value: binding.TF_INT32 };
    return tensorflow().executeSingleOutput('Reshape', [floatType(), ofShape], [x, integers(shape)]);
  };

/** Spares reshapes on TensorFlow's library the operation, or the making of a tensor of the new shape. */
export const registerReshape = (): void => replaceKernel('Reshape', reshape);
