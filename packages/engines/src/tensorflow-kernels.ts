import {
  getKernel,
  type KernelFunc,
  registerKernel,
  reshape,
  type Tensor,
  type TensorInfo,
  tidy,
} from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import { executeOnednn, hasOnednn } from './tensorflow-onednn.ts';
import { type Attribute, constant, floatType, tensorflow } from './tensorflow-operation.ts';
import { sgdStep } from './tensorflow-sgd-step.ts';

function batchNormAttributes(epsilon: number, training: boolean): Attribute[] {
  const { binding } = tensorflow();
  return [
    floatType(),
    floatType('U'),
    { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: epsilon },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: binding.TF_ATTR_BOOL, value: training },
  ];
}

/** TensorFlow's operation wants pictures; any other shape is one picture of one row. */
const asPictures = (x: Tensor): Tensor =>
  x.rank === 4 ? x : reshape(x, [1, 1, x.size / (x.shape.at(-1) || 1), x.shape.at(-1)!]);

/** In the place of an input that an operation does not need. */
const none = (): TensorInfo => constant(new Float32Array(0));

type Inputs<Name extends string> = Record<Name, Tensor>;

/** Its reserved outputs on the processor are the mean and the biased variance; those meant for running averages are unbiased. */
const batchNormTraining: KernelFunc = ({ inputs, attrs }) =>
  tidy(() => {
    const { x, scale, offset } = inputs as Inputs<'x' | 'scale' | 'offset'>;
    const attributes = batchNormAttributes((attrs as { epsilon: number }).epsilon, true);
    const outputs = tensorflow().executeMultipleOutputs(
      'FusedBatchNormV3',
      attributes,
      [asPictures(x), scale, offset, none(), none()],
      6,
    );
    return [reshape(outputs[0]!, x.shape), outputs[3]!, outputs[4]!];
  });

/** oneDNN takes 0.4 to 0.5 of the time of TensorFlow's own routine. */
const batchNormTrainingGrad: KernelFunc = ({ inputs, attrs }) =>
  tidy(() => {
    const { dy, x, scale, mean, variance } = inputs as Inputs<'dy' | 'x' | 'scale' | 'mean' | 'variance'>;
    const attributes = batchNormAttributes((attrs as { epsilon: number }).epsilon, true);
    const operands = [asPictures(dy), asPictures(x), scale, mean, variance, none()];
    const [dx, dscale, doffset] = hasOnednn()
      ? executeOnednn('FusedBatchNormGradV3', attributes, operands, 5)
      : tensorflow().executeMultipleOutputs('FusedBatchNormGradV3', attributes, operands, 5);
    return [reshape(dx!, x.shape), dscale!, doffset!];
  });

/** TensorFlow's own routine: oneDNN's takes 1.5 to 2.7 times as long here. */
const batchNormInference: KernelFunc = ({ inputs, attrs }) =>
  tidy(() => {
    const { x, scale, offset, mean, variance } = inputs as Inputs<'x' | 'scale' | 'offset' | 'mean' | 'variance'>;
    const attributes = batchNormAttributes((attrs as { epsilon: number }).epsilon, false);
    const operands = [asPictures(x), scale, offset, mean, variance];
    const [y] = tensorflow().executeMultipleOutputs('FusedBatchNormV3', attributes, operands, 6);
    return [reshape(y!, x.shape)];
  });

/** The slope of ReLU in two operations where the released backend has six: 1 above 0, 0 below and at it, NaN at NaN. */
const step =
  (released: KernelFunc): KernelFunc =>
  (call) => {
    if ((call.attrs as { alpha?: number }).alpha || call.inputs.x!.dtype !== 'float32') return released(call);
    return tidy(() => {
      const sign = tensorflow().executeSingleOutput('Sign', [floatType()], [call.inputs.x as Tensor]);
      return tensorflow().executeSingleOutput('Relu', [floatType()], [sign]);
    });
  };

/** The special forms of our kernels on TensorFlow's library for the processor: one fused operation where ours has many. */
export function registerTensorflowKernels(): void {
  const forms = {
    BatchNormInference: batchNormInference,
    BatchNormTraining: batchNormTraining,
    BatchNormTrainingGrad: batchNormTrainingGrad,
    SgdStep: sgdStep,
  };
  for (const [kernelName, kernelFunc] of Object.entries(forms)) {
    if (!getKernel(kernelName, 'tensorflow')) registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
  }
  replaceKernel('Step', step);
}

/** TensorFlow's own operation for the gradient of ReLU, on the processor and on a GPU. */
export function registerReluKernel(): void {
  if (getKernel('ReluGrad', 'tensorflow')) return;
  registerKernel({
    kernelName: 'ReluGrad',
    backendName: 'tensorflow',
    kernelFunc: ({ inputs }) => {
      const { dy, y } = inputs as Inputs<'dy' | 'y'>;
      return tensorflow().executeSingleOutput('ReluGrad', [floatType()], [dy, y]);
    },
  });
}
