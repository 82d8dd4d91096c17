import {
  type OnnxFeatures,
  type OnnxGraph,
  type PoolingConfig,
  PoolingLayer,
  poolings,
  registerLayer,
} from '@covpool/core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { bilinear } from './bilinear.ts';
import { onnxSecondMoment, onnxSignedRootOfUnitLength } from './onnx.ts';

/** Bilinear pooling (B-CNN): the whole second moment, its signed square root, of length 1; with groups, each of length 1. */
export class BilinearPooling extends PoolingLayer {
  static className = 'covpool/covariance/BilinearPooling';

  protected override descriptorLength(channels: number): number {
    return channels ** 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return bilinear(features);
  }

  protected override poolOnnx(graph: OnnxGraph, features: OnnxFeatures): string {
    const flat = graph.integers([-1, features.channels ** 2]);
    return onnxSignedRootOfUnitLength(graph, graph.add('Reshape', [onnxSecondMoment(graph, features), flat]));
  }
}

registerLayer(BilinearPooling);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to B-CNN descriptors [B,d·d]. */
export const bilinearPooling = (config: PoolingConfig = {}): BilinearPooling => new BilinearPooling(config);

poolings.register('bcnn', {
  create: bilinearPooling,
  options: [],
  summary: 'second moment, signed square root, unit length',
  paper: 'Lin, RoyChowdhury & Maji, Bilinear CNN Models for Fine-grained Visual Recognition, ICCV 2015',
  function: 'bilinear',
  layer: 'bilinearPooling',
  gradient: 'automatic',
  engines: 'all',
});
