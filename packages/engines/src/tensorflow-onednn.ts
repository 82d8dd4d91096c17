import { ones, type Tensor, type TensorInfo, tidy } from '@tensorflow/tfjs-core';
import { type Attribute, floatType, tensorflow } from './tensorflow-operation.ts';

/** The name under which an operation of TensorFlow's stands once more, computed by oneDNN. */
const nameOf = (operation: string): string => (operation === 'MatMul' ? '_MklMatMul' : `_MklNative${operation}`);

/**
 * One of TensorFlow's operations as oneDNN computes it. The library takes that form by itself on processors with instructions for
 * neural networks only; elsewhere it is the quicker one for some operations and shapes, which its callers name.
 */
export function executeOnednn(operation: string, attributes: Attribute[], inputs: TensorInfo[], outputs = 1): Tensor[] {
  const { binding } = tensorflow();
  // Without it the library looks for a kernel for graphs that it has rewritten.
  const kernel: Attribute = { name: '_kernel', type: binding.TF_ATTR_STRING, value: 'MklNameChangeOp' };
  return tensorflow().executeMultipleOutputs(nameOf(operation), [...attributes, kernel], inputs, outputs);
}

let found: boolean | undefined;

/** Whether TensorFlow's library computes on a processor and was built with oneDNN, as it is for Linux on x86. */
export const hasOnednn = (): boolean => (found ??= !tensorflow().isUsingGpuDevice && multiplies());

function multiplies(): boolean {
  const { binding } = tensorflow();
  const flag = (name: string): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value: false });
  try {
    tidy(() => {
      const one = ones([1, 1]);
      executeOnednn('MatMul', [floatType(), flag('transpose_a'), flag('transpose_b')], [one, one]);
    });
    return true;
  } catch {
    return false;
  }
}
