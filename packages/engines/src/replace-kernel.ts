import { getKernel, type KernelConfig, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';

const replaced = new Set<string>();

/** Puts a kernel of ours in the place of a released one of the backend of TensorFlow's library; once, however often it is called. */
export function replaceKernel(kernelName: string, replacement: (released: KernelFunc) => KernelFunc): void {
  if (replaced.has(kernelName)) return;
  replaced.add(kernelName);
  const { kernelFunc, ...rest } = getKernel(kernelName, 'tensorflow') as KernelConfig;
  unregisterKernel(kernelName, 'tensorflow');
  registerKernel({ ...rest, kernelFunc: replacement(kernelFunc) });
}
