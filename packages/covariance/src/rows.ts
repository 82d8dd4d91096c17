import { checkArgument } from '@covpool/base';
import { reshape, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';

/** Features as rows: [B,M,d] as they are, [B,H,W,d] with H·W = M rows. */
export function asRows(who: string, x: Tensor): Tensor3D {
  checkArgument(
    (x.rank === 3 || x.rank === 4) && x.size > 0,
    () => `${who}: features must be [B,M,d] or [B,H,W,d] with at least one position, got [${x.shape}]`,
  );
  return x.rank === 3 ? (x as Tensor3D) : reshape(x, [x.shape[0]!, -1, x.shape[3]!]);
}
