import { customGrad, type Tensor } from '@tensorflow/tfjs-core';

/** Computes outside of the tape: to whatever uses the result, it is a constant. Nothing is read back from the device. */
export function withoutGradient<T extends Tensor>(compute: () => T): T {
  // An operation without inputs: no path of the tape leads through it, so its gradient is never asked for.
  return customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T;
}
