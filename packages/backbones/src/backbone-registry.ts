import { type ActivationName, type PoolingSpec, registry, type ShapeSpec } from '@covpool/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { AttentionSpec, Attend } from './attention.ts';
import type { HeadOptions, TokenFusion } from './class-token-head.ts';

/** How a picture becomes a network's input; data beside the model. */
export interface Preprocessing {
  /** Side of the square input in pixels. */
  inputSize: number;
  /** Share of the resized picture's side that the centre crop keeps at evaluation. */
  cropFraction: number;
  interpolation: 'bilinear' | 'bicubic';
  /** Per channel, of values in [0,1]. */
  mean: [number, number, number];
  std: [number, number, number];
}

/** Mean and deviation of ImageNet, evaluation crop of 7/8 (256 to 224). */
export function imagenetPreprocessing(inputSize: number): Preprocessing {
  return {
    inputSize,
    cropFraction: 0.875,
    interpolation: 'bilinear',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  };
}

/** The output of one stage of a backbone. */
export interface Stage {
  features: SymbolicTensor;
  /** The class token and the features as tokens [B,1+N,C], in a network with a class token. */
  tokens?: SymbolicTensor;
  spec: ShapeSpec;
}

/** What a backbone is told when it is built. */
export interface BuildOptions {
  lastStride: number;
  attend: Attend;
  poolBeforeLast?: 2 | 3;
}

/** A backbone in the registry. */
export interface BackboneEntry {
  summary: string;
  preprocessing: Preprocessing;
  /** How many stages it has. */
  stages: number;
  /** The k of the name c<k> of the finest stage's output; absent: 2. */
  firstLevel?: number;
  /** What a network of this name has unless its options say otherwise; absent: average pooling, no attention. */
  defaults?: { pooling?: PoolingSpec; attention?: AttentionSpec; fusion?: TokenFusion };
  /** Neither an attention fits inside, nor another stride of the last stage. */
  fixed?: boolean;
  /**
   * The step in front of a pooling unless its options say otherwise. `dim` is for those whose descriptor grows with the square
   * of the channels; `reduce: []` asks for none.
   */
  reduction?: { dim?: number; activation?: ActivationName };
  /** The descriptor if no pooling is chosen; absent: average pooling. */
  flatten?: (features: SymbolicTensor) => SymbolicTensor;
  /** From the descriptor to the logits; absent: a linear layer `fc`. */
  classify?: (descriptor: SymbolicTensor, options: { classes: number; secondOrder: boolean }) => SymbolicTensor;
  /** From the last stage to the logits, in a network with a class token; replaces pooling, `flatten` and `classify`. */
  head?: (stage: Stage, options: HeadOptions) => SymbolicTensor;
  /** Stride of the last stage in a network with or without second-order statistics, in its head or in its blocks. */
  defaultLastStride: (secondOrder: boolean) => number;
  /** Whether `build` knows `poolBeforeLast`. */
  hasVariants?: boolean;
  /**
   * Applies the trunk to the input; the stages from fine to coarse. `poolBeforeLast`: the kernel of a max-pooling of stride 2 that
   * stands between the output of the stage before the last and the last.
   */
  build: (input: SymbolicTensor, options: BuildOptions) => Stage[];
}

/** Backbones by name. */
export const backbones = registry<BackboneEntry>('createModel', 'backbone');

/** Names of the backbones that match a pattern such as `resnet*`. */
export function listModels(pattern?: string): string[] {
  return backbones.names(pattern);
}

/** What a backbone expects of its input. */
export function preprocessing(name: string): Preprocessing {
  return backbones.get(name).preprocessing;
}
