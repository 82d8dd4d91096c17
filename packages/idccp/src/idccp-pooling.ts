import { checkPositiveWhole } from '@covpool/base';
import {
  checkRetraction,
  Conv2d,
  orthonormal,
  type PoolingConfig,
  poolings,
  registerLayer,
  type Retraction,
} from '@covpool/core';
import {
  expandDims,
  type serialization,
  squeeze,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { compressedSide } from './bi-map-normalization.ts';
import { CopyPooling } from './copy-pooling.ts';
import { checkEigenNorm } from './eigen-root.ts';
import { idccp, type IdccpOptions } from './idccp.ts';

export interface IdccpPoolingConfig extends PoolingConfig, IdccpOptions {
  /** Side p of the compressed covariance; an eighth of the channels by default, rounded up. */
  compressedDim?: number;
  /**
   * Channels of a 1×1 convolution with bias in front, without normalisation and activation, as published below ResNets (512);
   * `dim` has both.
   */
  projection?: number;
  /** How covpool's optimisers bring the weight back to the Stiefel manifold after a step. */
  retraction?: Retraction;
}

/**
 * IDCCP pooling. Its weight `orth_weight0` [d,p] starts as the Q of a Gaussian and stays on the Stiefel manifold under covpool's
 * optimisers; under `model.fit` it is free, as in the released code.
 */
export class IdccpPooling extends CopyPooling {
  static className = 'covpool/idccp/IdccpPooling';
  private readonly options: Required<IdccpOptions> & {
    compressedDim?: number;
    projection?: number;
    retraction: Retraction;
  };
  private readonly projection?: Conv2d;
  private weight!: LayerVariable;

  constructor(config: IdccpPoolingConfig) {
    const {
      transforms = 1,
      iterations = 5,
      eigenNorm = 'image',
      compressedDim,
      projection,
      retraction = 'qr',
    } = config;
    super(config, transforms);
    checkRetraction(this.name, retraction);
    checkEigenNorm(this.name, eigenNorm);
    checkPositiveWhole(this.name, 'iterations', iterations);
    this.options = {
      transforms,
      iterations,
      eigenNorm,
      retraction,
      // Saved as null if they were there but undefined.
      ...(compressedDim === undefined ? {} : { compressedDim }),
      ...(projection === undefined ? {} : { projection }),
    };
    if (projection !== undefined) {
      const options = { name: `${this.name}.proj_conv`, filters: projection, kernelSize: 1, bias: true };
      this.projection = this.adopt(new Conv2d(options));
    }
  }

  private side(channels: number): number {
    const { compressedDim, projection } = this.options;
    const d = projection ?? channels;
    return compressedSide(this.name, d, compressedDim ?? Math.ceil(d / 8));
  }

  protected override buildPooling(channels: number): void {
    const { projection = channels, retraction } = this.options;
    if (this.projection) this.buildChain([this.projection], [null, null, null, channels]);
    const manifold = { name: 'stiefel', retraction } as const;
    this.weight = this.addNamedWeight('orth_weight0', [projection, this.side(channels)], orthonormal, { manifold });
  }

  protected override descriptorLength(channels: number): number {
    const p = this.side(channels);
    return (p * (p + 1)) / 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    const projected = this.projection
      ? squeeze(this.projection.apply(expandDims(features, 2)) as Tensor, [2])
      : features;
    return idccp(projected, this.weight.read() as Tensor2D, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(IdccpPooling);

/**
 * A layer from features to IDCCP descriptors [B,p(p+1)/2]. Behind `siamese` it takes `transforms: 8` and does not change when
 * pictures are turned by 90° or flipped.
 *
 * ```ts
 * model.add(idccpPooling({ projection: 512 })); // 512 channels, compressed to 64: 2,080 values
 * ```
 */
export const idccpPooling = (config: IdccpPoolingConfig = {}): IdccpPooling => new IdccpPooling(config);

poolings.register('idccp', {
  create: idccpPooling,
  options: ['transforms', 'iterations', 'eigenNorm', 'compressedDim', 'projection', 'retraction'],
  compact: true,
  summary: 'covariance averaged over turned copies, compressed by orthonormal columns and rooted, upper triangle',
  paper:
    'Wang, Guan & Zhang, Invariant Deep Compressible Covariance Pooling for Aerial Scene Categorization, TGRS 2020',
  function: 'idccp',
  layer: 'idccpPooling',
  gradient: 'analytic',
  engines: 'host-and-webgpu',
});
