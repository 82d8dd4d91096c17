import { CovpoolError } from '@covpool/base';
import { getBackend, type KernelBackend, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { kernelCall, type KernelCall, type KernelGradient } from './define-kernel.ts';

/** A tensor's shape and values in the processor's memory. */
export interface HostArray {
  shape: number[];
  values: Float32Array | Int32Array;
}

/** A kernel that is computed by the processor, in what precision it likes. */
export interface HostKernelDefinition<Inputs, Attributes> {
  /** The kernel's name in the registry of TensorFlow.js. */
  name: string;
  /** Who is asking, for the error on an engine that has no host memory. */
  who: string;
  /** The outputs from the inputs' values, which it must not change. */
  compute: (inputs: { [K in keyof Inputs]: HostArray }, attributes: Attributes) => HostArray[];
  gradient?: KernelGradient<Inputs, Attributes>;
}

const hostEngines = ['cpu', 'wasm', 'tensorflow'];

/**
 * Makes an operation that the processor computes, in float64 if need be, a kernel of TensorFlow.js like those of
 * `defineKernel`. It runs on the engines that keep tensors where the processor reads them.
 *
 * The call throws `unsupported` on other engines.
 */
export function defineHostKernel<Inputs extends { [K in keyof Inputs]: Tensor }, Attributes extends object>(
  definition: HostKernelDefinition<Inputs, Attributes>,
): KernelCall<Inputs, Attributes> {
  const { who, compute } = definition;
  const call = kernelCall(definition, ({ inputs, attrs, backend }) => {
    const memory = backend as KernelBackend;
    const read = ({ dataId, shape }: TensorInfo): HostArray => ({
      shape,
      values: memory.readSync(dataId) as HostArray['values'],
    });
    const arrays = Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, read(info as TensorInfo)]));
    return compute(arrays as { [K in keyof Inputs]: HostArray }, attrs as unknown as Attributes).map(
      ({ shape, values }) => {
        const dtype = values instanceof Int32Array ? 'int32' : 'float32';
        return { dataId: memory.write(values, shape, dtype), shape, dtype };
      },
    );
  });
  return (inputs, attributes) => {
    if (!hostEngines.includes(getBackend())) {
      throw new CovpoolError(
        'unsupported',
        `${who}: an engine with host memory is required (${hostEngines.join(', ')}), got ${getBackend()}; ` +
          'choose one with useEngine',
      );
    }
    return call(inputs, attributes);
  };
}
