import { checkArgument } from '@covpool/base';
import { CompositeLayer, type LayerConfig, type LayerShape, onlyShape } from '@covpool/core';

/** Options of both blocks of GSoP. */
export interface GsopConfig extends LayerConfig {
  /** Channels after the 1×1 convolution: the features' second-order statistics are of so many. */
  dim?: number;
}

/** A layer from a feature map [B,H,W,C] to one of the same shape; H and W may be unknown. */
export abstract class AttentionLayer extends CompositeLayer {
  /** The children for C channels. */
  protected abstract buildParts(channels: number): void;

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape[3];
    checkArgument(
      shape.length === 4 && typeof channels === 'number',
      () => `${this.name}: features must be [B,H,W,C] with known C, got [${shape}]`,
    );
    this.buildParts(channels);
    this.built = true;
  }
}
