import { checkPositiveWhole } from '@covpool/base';
import { type LayerShape, type PoolingConfig, PoolingLayer } from '@covpool/core';

/** A pooling over copies of pictures: features of `copies·B` feature maps to B descriptors. */
export abstract class CopyPooling extends PoolingLayer {
  constructor(config: PoolingConfig, private readonly copies: number) {
    super(config);
    checkPositiveWhole(this.name, 'the copies of a picture', copies);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch, length] = super.computeOutputShape(inputShape) as [number | null, number];
    return [batch === null ? null : batch / this.copies, length];
  }
}
