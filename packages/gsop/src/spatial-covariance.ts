import { asRows, covariance } from '@covpool/covariance';
import { matMul, mean, mul, sub, type Tensor, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';

export interface SpatialCovarianceOptions {
  /** The matrix of the authors' code, which is mis-centred. */
  reference?: boolean;
}

/**
 * The covariance of positions over channels: `P = (1/c)(V − m)(V − m)ᵀ`, V [M,c] the features as rows, m their means over
 * the channels. Positive semi-definite.
 *
 * The authors' code (`reference`) computes `(1/M) V Vᵀ − (c/M)² m mᵀ` instead, which is the same for c = M only: at its
 * default of 128 channels and 64 positions it subtracts the means twice over, and is indefinite wherever they are far from 0.
 *
 * Cost: M²·c multiply-adds.
 *
 * @param x features [B,M,c] or [B,H,W,c]
 * @returns [B,M,M]
 *
 * Paper: Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019.
 * @throws bad-argument for another rank, or features without a position
 */
export function spatialCovariance(x: Tensor, { reference = false }: SpatialCovarianceOptions = {}): Tensor3D {
  return tidy(() => {
    const rows = asRows('spatialCovariance', x);
    if (!reference) return covariance(transpose(rows, [0, 2, 1]));
    const [, positions, channels] = rows.shape;
    const m = mean(rows, 2, true);
    const over = mul(matMul(m, m, false, true), (channels / positions) ** 2);
    return sub(mul(matMul(rows, rows, false, true), 1 / positions), over);
  });
}
