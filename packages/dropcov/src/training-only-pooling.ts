import { type OnnxFeatures, type OnnxGraph, PoolingLayer } from '@covpool/core';
import { onnxCovariance, onnxTriangle, triuCovariance } from '@covpool/covariance';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** The publication behind every pooling of this package. */
export const paper =
  'Wang, Gao, Zhang, Xie, Li & Hu, DropCov: A Simple yet Effective Method for Improving Deep Architectures, NeurIPS 2022';

/** A pooling that differs from plain covariance pooling, `triu(cov(X))`, in training alone. */
export abstract class TrainingOnlyPooling extends PoolingLayer {
  /** The descriptor [B,d(d+1)/2] of features [B,M,d] in training. */
  protected abstract poolInTraining(features: Tensor3D): Tensor2D;

  protected override descriptorLength(channels: number): number {
    return (channels * (channels + 1)) / 2;
  }

  protected override pool(features: Tensor3D, training: boolean): Tensor2D {
    return training ? this.poolInTraining(features) : triuCovariance(features);
  }

  protected override poolOnnx(graph: OnnxGraph, features: OnnxFeatures): string {
    return onnxTriangle(graph, onnxCovariance(graph, features), features.channels);
  }
}
