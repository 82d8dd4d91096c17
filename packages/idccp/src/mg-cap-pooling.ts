import { type PoolingConfig, poolings, registerLayer } from '@covpool/core';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { CopyPooling } from './copy-pooling.ts';
import { mgCap, type MgCapOptions } from './mg-cap.ts';

export interface MgCapPoolingConfig extends PoolingConfig, MgCapOptions {}

/** MG-CAP pooling. */
export class MgCapPooling extends CopyPooling {
  static className = 'covpool/idccp/MgCapPooling';
  private readonly options: Required<MgCapOptions>;

  constructor(config: MgCapPoolingConfig) {
    const { transforms = 1, crops = 1 } = config;
    super(config, transforms * crops);
    this.options = { transforms, crops };
  }

  protected override descriptorLength(channels: number): number {
    return (channels + 1) ** 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return mgCap(features, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(MgCapPooling);

/**
 * A layer from features to MG-CAP descriptors [B,(d+1)²].
 *
 * ```ts
 * const inner = createModel('resnet50', { pooling: { name: 'mgcap', dim: 128, transforms: 8, crops: 3 }, classes: 30 });
 * const net = siamese(inner, { crops: [1, 0.9, 0.8] });
 * ```
 */
export const mgCapPooling = (config: MgCapPoolingConfig = {}): MgCapPooling => new MgCapPooling(config);

poolings.register('mgcap', {
  create: mgCapPooling,
  options: ['transforms', 'crops'],
  summary: 'Gaussian embedding, largest over turned copies, added up over crops, signed root',
  paper:
    'Wang, Guan & Zhang, Multi-Granularity Canonical Appearance Pooling for Remote Sensing Scene Classification, TIP 2020',
  function: 'mgCap',
  layer: 'mgCapPooling',
  gradient: 'automatic',
  engines: 'all',
});
