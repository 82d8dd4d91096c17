import { checkArgument } from '@covpool/base';
import { l2Normalize, signedSqrt } from '@covpool/covariance';
import { reshape, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';

/** What is brought to length 1: each matrix, or each of its columns. */
export type LengthOf = 'matrix' | 'columns';

export function checkLengthOf(who: string, of: LengthOf): void {
  checkArgument(
    of === 'matrix' || of === 'columns',
    () => `${who}: of must be 'matrix' or 'columns', got '${String(of)}'`,
  );
}

/**
 * ePN: every value's signed root `sign(x)·√(|x| + 1e-8)`, then division by the Frobenius norm, as after bilinear pooling. The code
 * of So-ViT and DropCov, given matrices, divides every column by its own length: `of: 'columns'`.
 *
 * @param x matrices [B,r1,r2]
 * @returns [B,r1,r2]; zeros stay zeros
 */
export function elementPowerNorm(x: Tensor3D, { of = 'matrix' }: { of?: LengthOf } = {}): Tensor3D {
  checkArgument(x.rank === 3, () => `elementPowerNorm: matrices must be [B,r1,r2], got [${x.shape}]`);
  checkLengthOf('elementPowerNorm', of);
  return tidy(() => {
    const roots = signedSqrt(x);
    if (of === 'columns') return transpose(l2Normalize(transpose(roots, [0, 2, 1])), [0, 2, 1]);
    return reshape(l2Normalize(reshape(roots, [x.shape[0], -1])), x.shape);
  });
}
