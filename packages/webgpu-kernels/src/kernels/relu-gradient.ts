import { checkArgument } from '@covpool/base';
import { util } from '@tensorflow/tfjs-core';
import { elementwise } from '../elementwise.ts';
import { output } from '../program.ts';
import { singleOutputKernel } from './registration.ts';

/** The gradient of ReLU from its output: dy where y > 0, 0 elsewhere; one dispatch. */
export const reluGradKernel = singleOutputKernel<'dy' | 'y'>('ReluGrad', (backend, { dy, y }) => {
  checkArgument(
    util.arraysEqual(dy.shape, y.shape),
    () => `reluGrad: dy and y of one shape are required, got [${dy.shape}] and [${y.shape}]`,
  );
  const dx = output(backend, y.shape);
  elementwise(backend, {
    label: 'ReluGrad',
    reads: { dy, y },
    writes: { dx },
    count: util.sizeFromShape(y.shape),
    body: 'dx[index] = select(0.0, dy[index], y[index] > 0.0);',
  });
  return [dx];
});
