import { checkArgument, unknownName } from '@covpool/base';
import { matMul, mean, mul, sub, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { asRows } from './rows.ts';

const meanAxes = { channel: [1], scalar: [1, 2], none: [] } as const;

/** What is subtracted: each channel's mean, one mean over positions and channels of an image, or nothing. */
export type Centering = keyof typeof meanAxes;

export interface CrossCovarianceOptions {
  centering?: Centering;
}

/** @throws bad-argument for an unknown centering */
export function checkCentering(who: string, centering: Centering): void {
  if (!Object.hasOwn(meanAxes, centering)) throw unknownName(who, 'centering', centering, Object.keys(meanAxes));
}

/**
 * The cross-covariance of two sets of features over the positions that they share, biased (1/N):
 * `S = (1/N) (Q − q̄)ᵀ (K − k̄)`, neither symmetric nor, in general, square. With q̄ and k̄ the means of the channels
 * (`'channel'`), `S(x, x)` is the covariance; the released DropCov transformers subtract a single mean per image
 * (`'scalar'`).
 *
 * Cost: N·r·s multiply-adds. Wang et al., DropCov, NeurIPS 2022 (multi-head global cross-covariance pooling).
 *
 * @param q features [B,N,r] or [B,H,W,r]
 * @param k features [B,N,s] or [B,H,W,s]
 * @returns [B,r,s]
 * @throws bad-argument for features that do not share images and positions, and for an unknown centering
 *
 * ```ts
 * crossCovariance(tensor([1, -1], [1, 2, 1]), tensor([3, 5], [1, 2, 1])); // [[-1]]
 * ```
 */
export function crossCovariance(
  q: Tensor,
  k: Tensor,
  { centering = 'channel' }: CrossCovarianceOptions = {},
): Tensor3D {
  checkCentering('crossCovariance', centering);
  return tidy(() => {
    const [left, right] = [asRows('crossCovariance', q), asRows('crossCovariance', k)];
    checkArgument(
      left.shape[0] === right.shape[0] && left.shape[1] === right.shape[1],
      () => `crossCovariance: q and k must have the same images and positions, got [${q.shape}] and [${k.shape}]`,
    );
    const axes = [...meanAxes[centering]];
    const centred = (x: Tensor3D): Tensor3D => (axes.length === 0 ? x : sub(x, mean(x, axes, true)));
    return mul(matMul(centred(left), centred(right), true, false), 1 / left.shape[1]);
  });
}
