import { getKernel, type KernelFunc, registerKernel, type TensorInfo, unregisterKernel } from '@tensorflow/tfjs-core';
import type { RecordingBackend } from '../webgpu-backend.ts';

/** A kernel of this package: its name in the registry of TensorFlow.js and what computes it. */
export interface WebgpuKernel {
  name: string;
  compute(backend: RecordingBackend, inputs: Record<string, TensorInfo>, attributes: object): TensorInfo[];
}

/** Declares a kernel with the types of its inputs and attributes. */
export function webgpuKernel<Names extends string, Attributes = unknown>(
  name: string,
  compute: (backend: RecordingBackend, inputs: Record<Names, TensorInfo>, attributes: Attributes) => TensorInfo[],
): WebgpuKernel {
  return { name, compute } as unknown as WebgpuKernel;
}

/** Puts a kernel into the registry of TensorFlow.js for the webgpu backend, in place of what is there. */
export function registerOnWebgpu({ name, compute }: WebgpuKernel): void {
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
    compute(backend as unknown as RecordingBackend, inputs as Record<string, TensorInfo>, attrs ?? {});
  if (getKernel(name, 'webgpu')) unregisterKernel(name, 'webgpu');
  registerKernel({ kernelName: name, backendName: 'webgpu', kernelFunc });
}
