import { mean, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { registerLayer } from './named-layer.ts';
import type { OnnxGraph } from './onnx.ts';
import { type OnnxFeatures, type PoolingConfig, PoolingLayer } from './pooling-layer.ts';
import { poolings } from './pooling-registry.ts';

/** Global average pooling: the mean over positions, [B,d]. */
export class GlobalAveragePooling extends PoolingLayer {
  static className = 'covpool/core/GlobalAveragePooling';

  protected override descriptorLength(channels: number): number {
    return channels;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return mean(features, 1);
  }

  protected override poolOnnx(graph: OnnxGraph, { name }: OnnxFeatures): string {
    return graph.add('ReduceMean', [name], { axes: [2], keepdims: 0 });
  }
}

registerLayer(GlobalAveragePooling);

/** A layer that averages over positions: `[B,H,W,C]` or `[B,N,C]` to `[B,C]`. */
export function globalAveragePooling(config: PoolingConfig = {}): GlobalAveragePooling {
  return new GlobalAveragePooling(config);
}

poolings.register('gap', {
  create: globalAveragePooling,
  options: [],
  compact: true,
  summary: 'mean over positions',
  paper: 'Lin, Chen & Yan, Network in Network, ICLR 2014',
  layer: 'globalAveragePooling',
  gradient: 'automatic',
  engines: 'all',
});
