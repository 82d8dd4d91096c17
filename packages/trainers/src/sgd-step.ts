import { defineKernel, type KernelCall } from '@covpool/core';
import { add, mul, sub, type Tensor } from '@tensorflow/tfjs-core';

interface StepInputs {
  weight: Tensor;
  gradient: Tensor;
  velocity: Tensor;
}

interface StepAttributes {
  lr: number;
  momentum: number;
  weightDecay: number;
}

/**
 * `velocity′ = momentum·velocity + gradient + weightDecay·weight`, `weight′ = weight − lr·velocity′`, given as [weight′, velocity′]. A
 * form of a backend may overwrite the weight and the velocity that it is given: use what it returns instead.
 */
export const sgdStep: KernelCall<StepInputs, StepAttributes> = defineKernel({
  name: 'SgdStep',
  composed: ({ weight, gradient, velocity }, { lr, momentum, weightDecay }) => {
    const next = add(mul(velocity, momentum), add(gradient, mul(weight, weightDecay)));
    return [sub(weight, mul(next, lr)), next];
  },
});
