import { checkArgument, deriveSeed } from '@covpool/base';
import { asRows, type Centering } from '@covpool/covariance';
import {
  add,
  matMul,
  mul,
  reshape,
  scalar,
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type { DropRateOptions } from './adaptive-drop-rate.ts';
import { channelImportance } from './channel-importance.ts';
import { channelMask } from './channel-mask.ts';
import { checkRate, crossDropCov, type DropAxis } from './cross-drop-cov.ts';

export interface MultiHeadCrossCovarianceOptions extends DropRateOptions {
  heads?: number;
  /** Channels r of each head. */
  headDim?: number;
  /** Whether anything is dropped at all. */
  training?: boolean;
  /** What the masks are drawn from. */
  seed?: number;
  /** What is subtracted: each channel's mean, one mean per image and head, or nothing. */
  centering?: Centering;
  /** Whether channels or tokens are dropped. */
  dropAxis?: DropAxis;
  /** The three taps [3,1,1] of the channel attention: features are weighted by it, and the rate adapts. */
  kernel?: Tensor3D;
  /** The rate where there is no kernel. */
  rate?: number;
  /** At which rate entries of the result are dropped. */
  elementRate?: number;
  /** What is done to each head's matrix [B·heads,r,r] before entries are dropped. */
  normalize?: (s: Tensor3D) => Tensor3D;
}

/**
 * Multi-head global cross-covariance pooling (MGCrP; Xie et al., So-ViT, 2021, and Wang et al., DropCov, NeurIPS 2022): a
 * linear map makes each head's Q and K of the tokens, `S = (1/N) (Q − q̄)ᵀ (K − k̄)` is r×r, full, and the heads' matrices are
 * concatenated row by row. In training Q and K are dropped as in `crossDropCov`, with the attention of `(Q + K)/2` and one
 * rate for all images and heads, and entries of S by ordinary dropout.
 *
 * Cost: N·C·2hr multiply-adds for the map, N·h·r² for the matrices, twice in training with a kernel.
 *
 * @param x tokens [B,N,C] or features [B,H,W,C]
 * @param weight [C, n·heads·r]: the blocks of Q, of K and, where a checkpoint has it, one that plays no part
 * @returns [B, heads·r²]
 */
export function multiHeadCrossCovariance(
  x: Tensor,
  weight: Tensor2D,
  {
    heads = 6,
    headDim = 24,
    seed = 0,
    kernel,
    elementRate = 0.5,
    normalize,
    ...options
  }: MultiHeadCrossCovarianceOptions = {},
): Tensor2D {
  checkRate('multiHeadCrossCovariance', 'elementRate', elementRate);
  return tidy(() => {
    const rows = asRows('multiHeadCrossCovariance', x);
    const [batch, positions, channels] = rows.shape;
    const width = heads * headDim;
    checkArgument(
      weight.rank === 2 && weight.shape[0] === channels && weight.shape[1] >= 2 * width,
      () =>
        `multiHeadCrossCovariance: weight must be [C,2·heads·headDim] = [${channels},${2 * width}] or wider, ` +
        `got [${weight.shape}]`,
    );
    const used = slice(weight, [0, 0], [channels, 2 * width]);
    const projected = reshape(matMul(reshape(rows, [-1, channels]), used), [batch, positions, 2, heads, headDim]);
    const split = reshape(transpose(projected, [2, 0, 3, 1, 4]), [2, batch * heads, positions, headDim]);
    const side = (i: number): Tensor3D =>
      reshape(slice(split, [i, 0, 0, 0], [1, -1, -1, -1]), [batch * heads, positions, headDim]);
    const [q, k] = [side(0), side(1)];
    const attention = kernel && options.training ? channelImportance(mul(add(q, k), 0.5), kernel) : undefined;
    const s = crossDropCov(q, k, { ...options, seed, attention });
    const z: Tensor2D = reshape(normalize ? normalize(s) : s, [batch, width * headDim]);
    if (!options.training || elementRate === 0) return z;
    return mul(z, channelMask(batch, width * headDim, scalar(elementRate), deriveSeed(seed, 'elements')));
  });
}
