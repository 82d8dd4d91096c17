import { relu, relu6, type Tensor } from '@tensorflow/tfjs-core';

export type ActivationName = 'relu' | 'relu6';

/** The activations of the reduction blocks. */
export const activations: Record<ActivationName, (x: Tensor) => Tensor> = {
  relu: (x) => relu(x),
  relu6: (x) => relu6(x),
};
