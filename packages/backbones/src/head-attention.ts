import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import { reshape, type serialization, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { dotProductAttention } from './dot-product-attention.ts';

export interface HeadAttentionConfig extends LayerConfig {
  heads: number;
  scale?: number;
}

/** `dotProductAttention` as a layer: queries, keys and values of tokens [B,N,3C] or of a map [B,H,W,3C] to as many of C channels. */
export class HeadAttention extends NamedLayer {
  static className = 'covpool/backbones/HeadAttention';
  private readonly options: { heads: number; scale?: number };

  constructor(config: HeadAttentionConfig) {
    super(config);
    const { heads, scale } = config;
    this.options = { heads, ...(scale !== undefined && { scale }) };
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const shape = onlyShape(inputShape);
    return [...shape.slice(0, -1), shape.at(-1)! / 3];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs);
      const width = x.shape.at(-1)!;
      const tokens: Tensor3D = reshape(x, [x.shape[0]!, -1, width]);
      return reshape(dotProductAttention(tokens, this.options), [...x.shape.slice(0, -1), width / 3]);
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(HeadAttention);
