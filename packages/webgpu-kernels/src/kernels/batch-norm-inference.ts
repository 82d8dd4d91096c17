import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { output } from '../program.ts';
import { webgpuKernel } from './registration.ts';

interface Attributes {
  epsilon: number;
}

/** `y = (x − mean)·scale/√(variance + ε) + offset` by given statistics, x [..., C]; one dispatch. */
export const batchNormInferenceKernel = webgpuKernel<'x' | 'scale' | 'offset' | 'mean' | 'variance', Attributes>(
  'BatchNormInference',
  (backend, { x, scale, offset, mean, variance }, { epsilon }) => {
    const channels = x.shape.at(-1) ?? 1;
    checkArgument(
      [scale, offset, mean, variance].every(({ shape }) => util.sizeFromShape(shape) === channels),
      () => `batchNormInference: x [..., C] and one number per channel are required, got x [${x.shape}]`,
    );
    const y = output(backend, x.shape);
    elementwise(backend, {
      label: 'BatchNormInference',
      reads: { x, scale, offset, mean, variance },
      writes: { y },
      sizes: { channels },
      scalars: { epsilon },
      count: util.sizeFromShape(x.shape),
      body: `
        let channel = index % sizes.channels;
        let factor = scale[channel] * inverseSqrt(variance[channel] + sizes.epsilon);
        y[index] = (x[index] - mean[channel]) * factor + offset[channel];`,
    });
    return [y];
  },
);
