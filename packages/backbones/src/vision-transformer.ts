import type { PoolingSpec } from '@covpool/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type BackboneEntry, type Preprocessing, imagenetPreprocessing } from './backbone-registry.ts';
import { ClassToken } from './class-token.ts';
import { classTokenHead, type TokenFusion } from './class-token-head.ts';
import { PatchMap } from './patch-map.ts';
import { PositionEmbedding } from './position-embedding.ts';
import { attendToTokens, depthRate, normaliseLayer, transformerBlock } from './transformer-parts.ts';

export interface VisionTransformerPlan {
  summary: string;
  /** Side of the pictures in pixels: the positions that the network knows are those of such pictures. */
  inputSize: number;
  /** Pixels from one token to the next, along each side. */
  stride: number;
  /** Pictures [B,H,W,3] to a map of patches [B,H/stride,W/stride,width]. */
  tokens: (pictures: SymbolicTensor) => SymbolicTensor;
  /** Channels of a token. */
  width: number;
  depth: number;
  heads: number;
  /** Hidden units of a block for each channel. */
  mlpRatio: number;
  qkvBias: boolean;
  /** What the products of queries and keys are multiplied by; 1/√(channels of a head) by default. */
  scale?: number;
  /** Whether the positions are trained, or sines and cosines. */
  trainedPositions: boolean;
  /** ε of the layer normalisations. */
  epsilon: number;
  /** Rate of stochastic depth in the last block; in those before it is proportionally less. */
  dropPath: number;
  /** What is pooled unless a pooling is chosen, beside the class token; absent: nothing, the class token is classified. */
  pooling?: PoolingSpec;
  /** How class token and pooled patch tokens meet; `visual` by default: a chosen pooling replaces the class token. */
  fusion?: TokenFusion;
  /** Channels in front of a pooling that grows with their square; absent: those of a token. */
  dim?: number;
  /** Share of a picture's side that evaluation sees; 0.9 by default. */
  cropFraction?: number;
}

/** Evaluation on nine tenths of a picture, bicubic, as most transformers were published. */
export const transformerPreprocessing = (inputSize: number, cropFraction = 0.9): Preprocessing => ({
  ...imagenetPreprocessing(inputSize),
  cropFraction,
  interpolation: 'bicubic',
});

/**
 * A plain vision transformer (Dosovitskiy et al. 2021): patches and a class token with their positions through blocks of self-attention.
 * Its one stage is the map of the patch tokens behind the last normalisation. Weights have the names of timm.
 */
export function visionTransformer(plan: VisionTransformerPlan): BackboneEntry {
  const { summary, inputSize, stride, width, depth, epsilon, dropPath, dim, pooling, fusion = 'visual' } = plan;
  const side = inputSize / stride;
  return {
    summary,
    stages: 1,
    firstLevel: Math.log2(stride),
    preprocessing: transformerPreprocessing(inputSize, plan.cropFraction),
    reduction: dim === undefined ? undefined : { dim },
    defaults: { pooling, fusion },
    fixed: true,
    defaultLastStride: () => stride,
    build(pictures) {
      const patches = plan.tokens(pictures);
      let x = new ClassToken({ name: 'cls_token' }).apply(patches) as SymbolicTensor;
      const positions = { name: 'pos_embed', tokens: 1 + side * side, trained: plan.trainedPositions };
      x = new PositionEmbedding(positions).apply(x) as SymbolicTensor;
      for (let i = 0; i < depth; i++) {
        const name = `blocks.${i}`;
        const hidden = Math.floor(width * plan.mlpRatio);
        const block = { name, hidden, epsilon, dropPath: depthRate(dropPath, i, depth) };
        x = transformerBlock(x, block, (normalised) => attendToTokens(normalised, `${name}.attn`, plan));
      }
      const tokens = normaliseLayer(x, 'norm', epsilon);
      const features = new PatchMap({ name: 'patches', side }).apply(tokens) as SymbolicTensor;
      return [{ features, tokens, spec: { channels: width, stride } }];
    },
    head: classTokenHead,
  };
}
