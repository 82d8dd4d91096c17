import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { channelRows } from './channel-rows.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

interface Attrs {
  epsilon: number;
}

/**
 * Batch normalisation by the batch's own statistics: x [..., C], scale and offset [C] give y (as x), the mean [C] and the
 * biased variance [C].
 */
export const batchNormTrainingKernel = wasmKernel('BatchNormTraining', batchNormTraining);

/** Its gradient: dy, x [..., C], scale, mean, variance [C] give dx (as x), dScale [C] and dOffset [C]. */
export const batchNormTrainingGradKernel = wasmKernel('BatchNormTrainingGrad', batchNormTrainingGrad);

function batchNormTraining(
  primitives: WasmPrimitives,
  inputs: Inputs<'x' | 'scale' | 'offset'>,
  attrs: Attrs,
): TensorInfo[] {
  const { x, scale, offset } = inputs;
  const [rows, channels] = channelRows('batchNormTraining', x, [scale, offset]);
  const outputs = [primitives.output(x.shape), primitives.output([channels]), primitives.output([channels])];
  const [toY, toMean, toVariance] = outputs.map(primitives.address) as [number, number, number];
  const [fromX, fromScale, fromOffset] = [x, scale, offset].map(primitives.address) as [number, number, number];
  const { routines } = primitives;
  const scratch = primitives.scratch(routines.batchNormScratch(channels) >>> 0);
  // prettier-ignore
  routines.batchNormForward(fromX, fromScale, fromOffset, toY, toMean, toVariance, rows, channels, attrs.epsilon, scratch);
  return outputs;
}

type GradientInputs = Inputs<'dy' | 'x' | 'scale' | 'mean' | 'variance'>;

function batchNormTrainingGrad(primitives: WasmPrimitives, inputs: GradientInputs, attrs: Attrs): TensorInfo[] {
  const { dy, x, scale, mean, variance } = inputs;
  const [rows, channels] = channelRows('batchNormTrainingGrad', x, [scale, mean, variance]);
  const outputs = [primitives.output(x.shape), primitives.output([channels]), primitives.output([channels])];
  const [toX, toScale, toOffset] = outputs.map(primitives.address) as [number, number, number];
  const at = primitives.address;
  const { routines } = primitives;
  const scratch = primitives.scratch(routines.batchNormScratch(channels) >>> 0);
  // prettier-ignore
  routines.batchNormGradient(at(dy), at(x), at(scale), at(mean), at(variance), toX, toScale, toOffset, rows, channels,
    attrs.epsilon, scratch);
  return outputs;
}
