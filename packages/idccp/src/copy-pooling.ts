import { checkArgument } from '@covpool/base';
import { type LayerShape, type PoolingConfig, PoolingLayer } from '@covpool/core';

/** A pooling over copies of pictures: features of `copies·B` feature maps to B descriptors. */
export abstract class CopyPooling extends PoolingLayer {
  constructor(config: PoolingConfig, private readonly copies: number) {
    super(config);
    checkArgument(
      Number.isInteger(copies) && copies > 0,
      () => `${this.name}: the copies of a picture must be a positive whole number, got ${copies}`,
    );
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch, length] = super.computeOutputShape(inputShape) as [number | null, number];
    return [batch === null ? null : batch / this.copies, length];
  }
}
