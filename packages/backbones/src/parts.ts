import {
  Activation,
  type ActivationName,
  BatchNorm,
  BranchSum,
  Conv2d,
  DepthwiseConv2d,
  Dropout,
  GroupNorm,
  InstanceNorm,
  Linear,
  MaxPool2d,
} from '@covpool/core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** The parts that networks are written in: each applies one named layer. */

interface ConvolutionOptions {
  strides?: number;
  /** As much as keeps the extent at stride 1, by default. */
  padding?: number;
  bias?: boolean;
  initialization?: 'kaiming' | 'torch';
}

export function convolve(
  x: SymbolicTensor,
  name: string,
  filters: number,
  kernelSize: number,
  { padding = (kernelSize - 1) / 2, ...options }: ConvolutionOptions = {},
): SymbolicTensor {
  return new Conv2d({ name, filters, kernelSize, padding, ...options }).apply(x) as SymbolicTensor;
}

/** 3×3, each channel by itself. */
export function convolveDepthwise(
  x: SymbolicTensor,
  name: string,
  options: Pick<ConvolutionOptions, 'strides' | 'initialization'>,
): SymbolicTensor {
  return new DepthwiseConv2d({ name, kernelSize: 3, padding: 1, ...options }).apply(x) as SymbolicTensor;
}

export function maxPool(
  x: SymbolicTensor,
  name: string,
  options: { kernelSize: number; strides: number; padding?: number },
): SymbolicTensor {
  return new MaxPool2d({ name, ...options }).apply(x) as SymbolicTensor;
}

export type NormalizationKind = 'batch' | 'group' | 'instance';

const normalizations = { batch: BatchNorm, group: GroupNorm, instance: InstanceNorm };
let normalization: NormalizationKind = 'batch';

/** Builds a network all of whose normalisations are of this kind. */
export function withNormalization<T>(kind: NormalizationKind, build: () => T): T {
  const outer = normalization;
  normalization = kind;
  try {
    return build();
  } finally {
    normalization = outer;
  }
}

export function normalise(x: SymbolicTensor, name: string): SymbolicTensor {
  return new normalizations[normalization]({ name }).apply(x) as SymbolicTensor;
}

export function activate(x: SymbolicTensor, name: string, activation: ActivationName = 'relu'): SymbolicTensor {
  const layer = activation === 'relu' ? layers.reLU({ name }) : new Activation({ name, activation });
  return layer.apply(x) as SymbolicTensor;
}

export const add = (x: SymbolicTensor, y: SymbolicTensor, name: string): SymbolicTensor =>
  new BranchSum({ name }).apply([x, y]) as SymbolicTensor;

export const drop = (x: SymbolicTensor, name: string, rate: number): SymbolicTensor =>
  new Dropout({ name, rate }).apply(x) as SymbolicTensor;

/** `deviation`: see `LinearConfig`. */
export const linear = (x: SymbolicTensor, name: string, units: number, deviation?: number): SymbolicTensor =>
  new Linear({ name, units, deviation }).apply(x) as SymbolicTensor;
