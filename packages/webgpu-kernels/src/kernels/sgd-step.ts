import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { output } from '../program.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  lr: number;
  momentum: number;
  weightDecay: number;
}

/** `velocity′ = momentum·velocity + gradient + weightDecay·weight`, `weight′ = weight − lr·velocity′`, as [weight′, velocity′]; one dispatch. */
export const sgdStepKernel = webgpuKernel<'weight' | 'gradient' | 'velocity', Attributes>(
  'SgdStep',
  (backend, { weight, gradient, velocity }, { lr, momentum, weightDecay }) => {
    checkArgument(
      [gradient, velocity].every(({ shape }) => util.arraysEqual(shape, weight.shape)),
      () =>
        `sgdStep: weight, gradient and velocity of one shape are required, got [${weight.shape}], [${gradient.shape}] and [${velocity.shape}]`,
    );
    const [next, carried] = [output(backend, weight.shape), output(backend, weight.shape)];
    elementwise(backend, {
      label: 'SgdStep',
      reads: { weight, gradient, velocity },
      writes: { next, carried },
      scalars: { lr, momentum, weightDecay },
      count: util.sizeFromShape(weight.shape),
      body: `
        let moved = sizes.momentum * velocity[index] + (gradient[index] + sizes.weightDecay * weight[index]);
        carried[index] = moved;
        next[index] = weight[index] - sizes.lr * moved;`,
    });
    return [next, carried];
  },
);
