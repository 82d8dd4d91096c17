import { getKernel, type KernelFunc, registerKernel, type TensorInfo, unregisterKernel } from '@tensorflow/tfjs-core';
import type { RecordingBackend } from '../webgpu-backend.ts';

/** The kernel that the backend was released with, on the same inputs. */
type Released = () => TensorInfo[];

/** A kernel of this package: its name in the registry of TensorFlow.js and what computes it. */
export interface WebgpuKernel {
  name: string;
  /** It has a single output, which its callers want outside of a list. */
  alone?: boolean;
  compute(
    backend: RecordingBackend,
    inputs: Record<string, TensorInfo>,
    attributes: object,
    released?: Released,
  ): TensorInfo[];
}

/** Declares a kernel with the types of its inputs and attributes. */
export function webgpuKernel<Names extends string, Attributes = unknown>(
  name: string,
  compute: (
    backend: RecordingBackend,
    inputs: Record<Names, TensorInfo>,
    attributes: Attributes,
    released: Released,
  ) => TensorInfo[],
): WebgpuKernel {
  return { name, compute } as unknown as WebgpuKernel;
}

/** Declares a kernel whose single output is not in a list: what replaces one of TensorFlow.js, or is called like those. */
export const singleOutputKernel: typeof webgpuKernel = (name, compute) => ({
  ...webgpuKernel(name, compute),
  alone: true,
});

/** Puts a kernel into the registry of TensorFlow.js for the webgpu backend, in place of what is there. */
export function registerOnWebgpu({ name, compute, alone }: WebgpuKernel): void {
  const before = getKernel(name, 'webgpu');
  const kernelFunc: KernelFunc = (call) => {
    const { inputs, attrs, backend } = call;
    const released = (): TensorInfo[] => [before!.kernelFunc(call)].flat();
    const given = inputs as Record<string, TensorInfo>;
    const outputs = compute(backend as unknown as RecordingBackend, given, attrs ?? {}, released);
    return alone ? outputs[0]! : outputs;
  };
  if (before) unregisterKernel(name, 'webgpu');
  registerKernel({ kernelName: name, backendName: 'webgpu', kernelFunc });
}
