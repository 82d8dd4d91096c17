import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** A tensor's shape and values in the processor's memory. */
export interface HostArray {
  shape: number[];
  values: Float32Array | Int32Array;
}

/** The outputs of a kernel from the values of its inputs, which it must not change. */
export type HostCompute<Inputs, Attributes> = (
  inputs: { [K in keyof Inputs]: HostArray },
  attributes: Attributes,
) => HostArray[];

/** The outputs of a kernel from its inputs where they are; undefined: the processor must compute them from the values. */
export type SpecialCompute<Inputs, Attributes> = (
  inputs: { [K in keyof Inputs]: TensorInfo },
  attributes: Attributes,
) => TensorInfo[] | undefined;

/** Engines that keep tensors where the processor reads them. */
export const hostEngines: readonly string[] = ['cpu', 'wasm', 'tensorflow'];

/** The form of a kernel that the processor computes. */
export function hostForm<Inputs, Attributes>(
  compute: HostCompute<Inputs, Attributes>,
  special?: SpecialCompute<Inputs, Attributes>,
): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const own = special?.(inputs as unknown as { [K in keyof Inputs]: TensorInfo }, attrs as unknown as Attributes);
    if (own) return own;
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
  };
}
