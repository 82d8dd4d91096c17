import { getKernel } from '@tensorflow/tfjs-core';

/** The kernels that training a second-order convolutional network calls. */
const needed = [
  'Add',
  'AvgPool',
  'AvgPoolGrad',
  'BatchMatMul',
  'Conv2D',
  'Conv2DBackpropFilter',
  'Conv2DBackpropInput',
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'GatherV2',
  'MaxPool',
  'MaxPoolGrad',
  'Softmax',
  'UnsortedSegmentSum',
] as const;

/** Those of them that a backend does not have. */
export function missingKernels(backendName: string): string[] {
  return needed.filter((kernel) => !getKernel(kernel, backendName));
}
