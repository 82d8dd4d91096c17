import {
  engine,
  getBackend,
  getGradient,
  registerGradient,
  registerKernel,
  type Tensor,
  unregisterGradient,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { floatType, tensorflow } from './tensorflow-operation.ts';

/** dy where x > 0, and 0 elsewhere. */
const reluGradient = (dy: Tensor, x: Tensor): Tensor => engine().runKernel('ReluGrad', { dy, x });

let registered = false;

/** Makes the gradient of ReLU on TensorFlow's library its operation for that, one pass where the released form takes three. */
export function registerReluGradient(): void {
  if (registered) return;
  registered = true;
  registerKernel({
    kernelName: 'ReluGrad',
    backendName: 'tensorflow',
    kernelFunc: ({ inputs }) =>
      tensorflow().executeSingleOutput('ReluGrad', [floatType()], [inputs.dy as Tensor, inputs.x as Tensor]),
  });
  registerGradient({
    kernelName: 'ReluGrad',
    inputsToSave: ['x'],
    gradFunc: (ddx, [x]) => ({ dy: () => reluGradient(ddx as Tensor, x!), x: () => zerosLike(x!) }),
  });
  const released = getGradient('Relu');
  unregisterGradient('Relu');
  registerGradient({
    ...released,
    gradFunc: (dy, saved, attributes) =>
      getBackend() === 'tensorflow' && saved[0]!.dtype === 'float32'
        ? { x: () => reluGradient(dy as Tensor, saved[0]!) }
        : released.gradFunc(dy, saved, attributes),
  });
}
