import { checkPositiveWhole } from '@covpool/base';
import { Conv2d, type PoolingConfig, PoolingLayer, poolings, registerLayer } from '@covpool/core';
import { expandDims, type serialization, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { lowRankBilinear } from './low-rank-bilinear.ts';

export interface LowRankBilinearPoolingConfig extends PoolingConfig {
  /** Channels k of each of the two projections; the baseline of IDCCP takes as many as there are classes. */
  rank?: number;
}

/** Low-rank bilinear pooling: two 1×1 convolutions with bias, `project_a` and `project_b`, and their bilinear descriptor. */
export class LowRankBilinearPooling extends PoolingLayer {
  static className = 'covpool/idccp/LowRankBilinearPooling';
  private readonly rank: number;
  private readonly projections: Conv2d[];

  constructor(config: LowRankBilinearPoolingConfig) {
    super(config);
    const { rank = 32 } = config;
    checkPositiveWhole(this.name, 'rank', rank);
    this.rank = rank;
    this.projections = ['project_a', 'project_b'].map((name) =>
      this.adopt(new Conv2d({ name: `${this.name}.${name}`, filters: rank, kernelSize: 1, bias: true })),
    );
  }

  protected override buildPooling(channels: number): void {
    for (const projection of this.projections) this.buildChain([projection], [null, null, null, channels]);
  }

  protected override descriptorLength(): number {
    return this.rank ** 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    const map = expandDims(features, 2);
    const [a, b] = this.projections.map((projection) => projection.apply(map) as Tensor);
    return lowRankBilinear(a!, b!);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), rank: this.rank };
  }
}

registerLayer(LowRankBilinearPooling);

/** A layer from features to low-rank bilinear descriptors [B,k²]. */
export const lowRankBilinearPooling = (config: LowRankBilinearPoolingConfig = {}): LowRankBilinearPooling =>
  new LowRankBilinearPooling(config);

poolings.register('lrbp', {
  create: lowRankBilinearPooling,
  options: ['rank'],
  compact: true,
  summary: 'products of two projections, signed root',
  paper: 'Kong & Fowlkes, Low-rank Bilinear Pooling for Fine-Grained Classification, CVPR 2017',
  function: 'lowRankBilinear',
  layer: 'lowRankBilinearPooling',
  gradient: 'automatic',
  engines: 'all',
});
