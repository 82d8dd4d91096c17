import { checkArgument } from '@covpool/base';
import { type Tensor, tensor1d, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import type { CompactSketch } from './compact-sketch.ts';
import { l2Normalize } from './l2-normalize.ts';
import { asRows } from './rows.ts';
import { signedSqrt } from './signed-sqrt.ts';
import { type SketchTensors, tensorSketch } from './tensor-sketch.ts';

/** The tensor sketch, its signed square root (ε = 1e-8), of length 1. */
export const compactDescriptor = (rows: Tensor3D, hashes: SketchTensors, outputDim: number): Tensor2D =>
  l2Normalize(signedSqrt(tensorSketch(rows, hashes, outputDim)));

/**
 * Compact bilinear pooling: the tensor sketch of each position, `CS₁(x) ∗ CS₂(x)` (circular convolution of two count
 * sketches), summed over positions, then the signed square root (ε = 1e-8) and division by the length. Inner products of
 * sketches estimate those of bilinear pooling. No Fourier transform is taken: the sketch is a signed sum of the entries of
 * XᵀX by bins, the same function.
 *
 * Cost: M·d² multiply-adds and d² additions. Gao, Beijbom, Zhang & Darrell, Compact Bilinear Pooling, CVPR 2016; Pham & Pagh,
 * Fast and Scalable Polynomial Kernels via Explicit Feature Maps, KDD 2013.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param sketch the hashes, see `compactSketch`
 * @returns [B,D]
 * @throws bad-argument for a sketch of another number of channels
 *
 * ```ts
 * const sketch = compactSketch(512, 8192, 1);
 * compactBilinear(features, sketch); // [B,8192] in place of bilinear(features), [B,262144]
 * ```
 */
export function compactBilinear(x: Tensor, sketch: CompactSketch): Tensor2D {
  return tidy(() => {
    const rows = asRows('compactBilinear', x);
    const { h1, h2, s1, s2, outputDim } = sketch;
    checkArgument(
      [h1, h2, s1, s2].every(({ length }) => length === rows.shape[2]),
      () => `compactBilinear: the sketch must be of ${rows.shape[2]} channels as the features, got one of ${h1.length}`,
    );
    const weight = (values: Int32Array) => tensor1d(values, 'float32');
    return compactDescriptor(rows, { h1: weight(h1), h2: weight(h2), s1: weight(s1), s2: weight(s2) }, outputDim);
  });
}
