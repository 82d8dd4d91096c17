import { backend, type Tensor } from '@tensorflow/tfjs-core';

/** An attribute of one of TensorFlow's operations. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

type Constant = `TF_ATTR_${'BOOL' | 'FLOAT' | 'INT' | 'STRING' | 'TYPE'}` | 'TF_FLOAT';

/** The part of tfjs-node's backend that reaches TensorFlow's own operations. */
interface TensorflowBackend {
  binding: Record<Constant, number>;
  executeSingleOutput: (name: string, attributes: Attribute[], inputs: Tensor[]) => Tensor;
  executeMultipleOutputs: (name: string, attributes: Attribute[], inputs: Tensor[], outputs: number) => Tensor[];
}

export const tensorflow = (): TensorflowBackend => backend() as unknown as TensorflowBackend;
