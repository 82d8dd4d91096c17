import {
  engine,
  getBackend,
  getGradient,
  getKernel,
  registerGradient,
  type Tensor,
  unregisterGradient,
  zerosLike,
} from '@tensorflow/tfjs-core';

/** dy where y = ReLU(x) > 0, which is where x > 0, and 0 elsewhere. */
const reluGradient = (dy: Tensor, y: Tensor): Tensor => engine().runKernel('ReluGrad', { dy, y });

let registered = false;

/**
 * Has the gradient of ReLU keep its output, which the next layer keeps anyway, in the place of its input: a quarter of what a network with
 * batch normalisation keeps of its maps can go. On a backend with an operation `ReluGrad` it is that, one pass where TensorFlow.js takes
 * three.
 */
export function registerReluGradient(): void {
  if (registered) return;
  registered = true;
  registerGradient({
    kernelName: 'ReluGrad',
    inputsToSave: ['y'],
    gradFunc: (ddx, [y]) => ({ dy: () => reluGradient(ddx as Tensor, y!), y: () => zerosLike(y!) }),
  });
  const released = getGradient('Relu');
  unregisterGradient('Relu');
  registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) =>
      getKernel('ReluGrad', getBackend()) && saved[0]!.dtype === 'float32'
        ? { x: () => reluGradient(dy as Tensor, saved[0]!) }
        : released.gradFunc(dy, saved, attributes),
  });
}
