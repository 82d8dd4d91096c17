import { getKernel, type KernelConfig, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';

/** Puts a kernel of ours in the place of a released one of the backend of TensorFlow's library. */
export function replaceKernel(kernelName: string, replacement: (released: KernelFunc) => KernelFunc): void {
  const { kernelFunc, ...rest } = getKernel(kernelName, 'tensorflow') as KernelConfig;
  unregisterKernel(kernelName, 'tensorflow');
  registerKernel({ ...rest, kernelFunc: replacement(kernelFunc) });
}
