import { checkArgument } from '@covpool/base';
import { mean, reshape, type Tensor3D, tidy } from '@tensorflow/tfjs-core';

/**
 * The mean of the matrices that belong to the copies of a picture: their trivial representation, `S = (1/|G|) Σ_g Σ_g`. If the
 * copies are those of a group, as `d4Transforms` makes them, it does not change when a picture is moved by the group.
 *
 * @param a [copies·B,d,d]; copy g of picture b is number g·B + b
 * @returns [B,d,d]
 */
export function trivialRepresentation(a: Tensor3D, copies: number): Tensor3D {
  const [batch, rows, columns] = a.shape;
  checkCopies('trivialRepresentation', batch, copies);
  return tidy(() => reshape(mean(reshape(a, [copies, -1]), 0), [batch / copies, rows, columns]));
}

/** Refuses batches that cannot be so many copies of every picture. */
export function checkCopies(who: string, batch: number, copies: number): void {
  checkArgument(
    Number.isInteger(copies) && copies > 0 && batch % copies === 0,
    () =>
      `${who}: the batch must hold ${copies} copies of every picture, got ${batch} feature maps; ` +
      'siamese() makes eight of them',
  );
}
