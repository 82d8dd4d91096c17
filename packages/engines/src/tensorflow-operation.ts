import { backend, type KernelBackend, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

/** An attribute of one of TensorFlow's operations. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

type Code = `TF_ATTR_${'BOOL' | 'FLOAT' | 'INT' | 'SHAPE' | 'STRING' | 'TYPE'}` | 'TF_FLOAT' | 'TF_INT32';

/** TensorFlow's tensors by number, one reference each. */
interface Binding extends Record<Code, number> {
  deleteTensor: (id: number) => void;
  executeOp: (name: string, attributes: Attribute[], inputs: number[], outputs: number) => { id: number }[];
}

/** The part of tfjs-node's backend that reaches TensorFlow's own operations. */
interface TensorflowBackend extends KernelBackend {
  binding: Binding;
  isUsingGpuDevice: boolean;
  tensorMap: { get: (dataId: object) => { id: number } };
  getInputTensorIds: (inputs: TensorInfo[]) => number[];
  executeSingleOutput: (name: string, attributes: Attribute[], inputs: TensorInfo[]) => Tensor;
  executeMultipleOutputs: (name: string, attributes: Attribute[], inputs: TensorInfo[], outputs: number) => Tensor[];
}

export const tensorflow = (): TensorflowBackend => backend() as unknown as TensorflowBackend;

/** The attribute, `T` of most operations, that says that the numbers are float32. */
export function floatType(name = 'T'): Attribute {
  const { binding } = tensorflow();
  return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
}

/** An attribute that is a list of whole numbers. */
export function integerList(name: string, value: readonly number[]): Attribute {
  return { name, type: tensorflow().binding.TF_ATTR_INT, value };
}

/** A tensor, once more. */
export function again({ dataId, shape, dtype }: TensorInfo): TensorInfo {
  tensorflow().incRef(dataId);
  return { dataId, shape, dtype };
}

const constants = new Map<string, TensorInfo>();

/** More than a program has shapes; beyond, all are made anew. */
const MOST_CONSTANTS = 4096;

/**
 * A few numbers that operations take as an input time and again, such as a shape. They stay on TensorFlow's side: to make a tensor and to
 * delete it costs as much as a small operation.
 */
export function constant(values: Int32Array | Float32Array, shape: number[] = [values.length]): TensorInfo {
  const dtype = values instanceof Int32Array ? 'int32' : 'float32';
  const key = [dtype, shape.length, ...values].join();
  const known = constants.get(key);
  if (known) return known;
  if (constants.size === MOST_CONSTANTS) {
    for (const { dataId } of constants.values()) tensorflow().disposeData(dataId);
    constants.clear();
  }
  const made: TensorInfo = { dataId: tensorflow().write(values, shape, dtype), shape, dtype };
  constants.set(key, made);
  return made;
}

export const integers = (values: readonly number[]): TensorInfo => constant(Int32Array.from(values));
