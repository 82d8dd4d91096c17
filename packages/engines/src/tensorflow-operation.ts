import { backend, type KernelBackend, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

/** An attribute of one of TensorFlow's operations. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

type Constant = `TF_ATTR_${'BOOL' | 'FLOAT' | 'INT' | 'SHAPE' | 'STRING' | 'TYPE'}` | 'TF_FLOAT';

/** TensorFlow's tensors by number, one reference each. */
interface Binding extends Record<Constant, number> {
  createTensor: (shape: number[], type: number, values: Float32Array) => number;
  deleteTensor: (id: number) => void;
  executeOp: (name: string, attributes: Attribute[], inputs: number[], outputs: number) => { id: number }[];
}

/** The part of tfjs-node's backend that reaches TensorFlow's own operations. */
interface TensorflowBackend extends KernelBackend {
  binding: Binding;
  tensorMap: { get: (dataId: object) => { id: number } };
  getInputTensorIds: (inputs: TensorInfo[]) => number[];
  executeSingleOutput: (name: string, attributes: Attribute[], inputs: Tensor[]) => Tensor;
  executeMultipleOutputs: (name: string, attributes: Attribute[], inputs: Tensor[], outputs: number) => Tensor[];
}

export const tensorflow = (): TensorflowBackend => backend() as unknown as TensorflowBackend;

/** The attribute, `T` of most operations, that says that the numbers are float32. */
export function floatType(name = 'T'): Attribute {
  const { binding } = tensorflow();
  return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
}

/** A tensor, once more. */
export function again({ dataId, shape, dtype }: TensorInfo): TensorInfo {
  tensorflow().incRef(dataId);
  return { dataId, shape, dtype };
}
