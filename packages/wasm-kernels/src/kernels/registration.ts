import { registerKernel, unregisterKernel, getKernel } from '@tensorflow/tfjs-core';
import type { KernelFunc, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { WasmPrimitives } from '../primitives.ts';

/** A kernel of this package: its tfjs name and what computes it. */
export interface WasmKernel {
  name: string;
  compute(primitives: WasmPrimitives, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo | TensorInfo[];
}

/** The inputs of a kernel by their tfjs names. */
export type Inputs<Names extends string> = Record<Names, TensorInfo>;

/** Declares a kernel with the types of its inputs and attributes. */
export function wasmKernel<Names extends string, Attrs>(
  name: string,
  compute: (primitives: WasmPrimitives, inputs: Inputs<Names>, attrs: Attrs) => TensorInfo | TensorInfo[],
): WasmKernel {
  return { name, compute } as unknown as WasmKernel;
}

/** Puts a kernel into the tfjs registry for the wasm backend, in place of the released one if there is one. */
export function registerOnWasm(kernel: WasmKernel, primitivesOf: (backend: BackendWasm) => WasmPrimitives): void {
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
    kernel.compute(primitivesOf(backend as BackendWasm), inputs, (attrs ?? {}) as NamedAttrMap);
  if (getKernel(kernel.name, 'wasm')) unregisterKernel(kernel.name, 'wasm');
  registerKernel({ kernelName: kernel.name, backendName: 'wasm', kernelFunc });
}
