import {
  add,
  cast,
  expandDims,
  matMul,
  mul,
  outerProduct,
  reshape,
  step,
  sub,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { binnedSum } from './binned-sum.ts';

/** The hashes of d channels as tensors [d]: bins h from 0 to D − 1 and signs s of ±1, float32. */
export interface SketchTensors {
  h1: Tensor1D;
  h2: Tensor1D;
  s1: Tensor1D;
  s2: Tensor1D;
}

/**
 * The tensor sketch of features summed over positions, `Σₘ CS₁(xₘ) ∗ CS₂(xₘ)`, ∗ the circular convolution and
 * `CS(x)[k] = Σ_{h(i)=k} s(i) x(i)`. The published form is a product of Fourier transforms. Written out,
 * `Σₘ Σᵢⱼ s₁(i) s₂(j) xₘ(i) xₘ(j)` goes into bin `(h₁(i) + h₂(j)) mod D`: the entries of XᵀX, with signs, summed by bins.
 * So no transform is needed, and the cost is M·d² multiply-adds and d² additions, whatever D is.
 *
 * @param rows [B,M,d]
 * @returns [B,D]
 */
export function tensorSketch(rows: Tensor3D, { h1, h2, s1, s2 }: SketchTensors, outputDim: number): Tensor2D {
  return tidy(() => {
    const [batch, , d] = rows.shape;
    const sums = add(expandDims(h1, 1), expandDims(h2, 0));
    const wrapped = sub(sums, mul(step(sub(sums, outputDim - 0.5)), outputDim));
    const bins: Tensor1D = reshape(cast(wrapped, 'int32'), [d * d]);
    const signed = mul(matMul(rows, rows, true, false), outerProduct(s1, s2));
    const values = transpose(reshape(signed, [batch, d * d])) as Tensor2D;
    return transpose(binnedSum(values, bins, outputDim));
  });
}
