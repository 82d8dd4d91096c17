import { checkArgument } from '@covpool/base';
import {
  matMul,
  mul,
  reshape,
  softmax,
  split,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

export interface AttentionOptions {
  heads: number;
  /** What the products of queries and keys are multiplied by; 1/√(channels of a head) by default. */
  scale?: number;
  /** Adds to the scores [B·heads,N,N], rows of which belong to queries, before the softmax. */
  bias?: (scores: Tensor3D) => Tensor3D;
}

/**
 * Scaled dot-product attention of several heads (Vaswani et al. 2017): `softmax(scale·q kᵀ + bias) v` for each. Queries, keys and
 * values stand beside each other, each with its heads in a row, as one linear map makes them.
 *
 * Cost: 2·N²·C multiply-adds, and N² values for each head.
 *
 * @param qkv [B,N,3C]
 * @returns [B,N,C]
 */
export function dotProductAttention(qkv: Tensor3D, { heads, scale, bias }: AttentionOptions): Tensor3D {
  const [batch, positions, width] = qkv.shape;
  checkArgument(
    qkv.rank === 3 && width % (3 * heads) === 0,
    () => `dotProductAttention: qkv must be [B,N,3C] with C a multiple of the ${heads} heads, got [${qkv.shape}]`,
  );
  const size = width / 3 / heads;
  return tidy(() => {
    // Transposing four axes is far quicker on wasm than five.
    const apart = transpose(reshape(qkv, [batch, positions, 3 * heads, size]) as Tensor4D, [0, 2, 1, 3]);
    const parts = split(apart, 3, 1);
    const [q, k, v] = parts.map((part): Tensor3D => reshape(part, [batch * heads, positions, size]));
    const scores = matMul(mul(q!, scale ?? size ** -0.5), k!, false, true) as Tensor3D;
    const values = matMul(softmax(bias ? bias(scores) : scores) as Tensor, v!);
    const together = transpose(reshape(values, [batch, heads, positions, size]), [0, 2, 1, 3]);
    return reshape(together, [batch, positions, heads * size]);
  });
}
