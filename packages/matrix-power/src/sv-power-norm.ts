import { checkArgument } from '@covpool/base';
import { l2Normalize } from '@covpool/covariance';
import {
  add,
  div,
  matMul,
  maximum,
  mul,
  pow,
  reshape,
  sub,
  type Tensor1D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';

export interface SvPowerNormOptions {
  /** The power α of singular values. */
  alpha?: number;
  /** Power iterations for each triplet. */
  iterations?: number;
  /** Singular triplets that are taken out, each from what the ones before left. */
  triplets?: number;
}

/** Added to the divisor of the remainder, as in the authors' code. */
const EPSILON = 1e-5;

/** Least singular value: below it the root has no useful slope. */
const FLOOR = 1e-12;

export function checkSvPowerNorm(who: string, { alpha, iterations, triplets }: Required<SvPowerNormOptions>): void {
  checkArgument(alpha > 0 && alpha <= 1, () => `${who}: alpha must be above 0 and at most 1, got ${alpha}`);
  for (const [name, count] of Object.entries({ iterations, triplets })) {
    checkArgument(
      Number.isInteger(count) && count >= 1,
      () => `${who}: ${name} must be a whole number from 1, got ${count}`,
    );
  }
  // One step from v₀ takes all of X v₀ out: the remainder has nothing to say to the same start.
  checkArgument(
    triplets === 1 || iterations > 1,
    () => `${who}: ${triplets} triplets need at least 2 iterations, got ${iterations}`,
  );
}

/**
 * svPN: singular value power normalisation by power iteration (Xie, Zeng, Wang, Zhou & Li, So-ViT: Mind Visual Tokens for Vision
 * Transformer, 2021). From the start v₀, `u = unit(X v), v = unit(Xᵀu)`, then `s = uᵀX v`, `R = X − s u vᵀ` and
 * `Y = s^α u vᵀ + R/(s^(1−α) + 1e-5)`. With several triplets each comes from the remainder of those before, from the same start,
 * which takes two iterations at least, and the last s divides what is left. A zero matrix gives 0.
 *
 * Cost: 2 products of matrix and vector an iteration. Differentiated automatically, with respect to the start too.
 *
 * @param x matrices [B,r1,r2]
 * @param start v₀ [r2], shared by the batch; any vector that is not orthogonal to the leading one
 * @returns [B,r1,r2]
 */
export function svPowerNorm(
  x: Tensor3D,
  start: Tensor1D,
  { alpha = 0.5, iterations = 1, triplets = 1 }: SvPowerNormOptions = {},
): Tensor3D {
  checkArgument(x.rank === 3, () => `svPowerNorm: matrices must be [B,r1,r2], got [${x.shape}]`);
  const [batch, rows, columns] = x.shape;
  checkArgument(
    start.rank === 1 && start.shape[0] === columns,
    () => `svPowerNorm: start must be [${columns}] as the matrices' rows, got [${start.shape}]`,
  );
  checkSvPowerNorm('svPowerNorm', { alpha, iterations, triplets });
  return tidy(() => {
    let rest = x;
    let powered: Tensor3D | undefined;
    let divisor: Tensor3D;
    for (let i = 0; i < triplets; i++) {
      const first = matMul(reshape(rest, [batch * rows, columns]), reshape(start, [columns, 1]));
      let u = l2Normalize(reshape(first, [batch, 1, rows]) as Tensor3D);
      let v = l2Normalize(matMul(u, rest));
      for (let k = 1; k < iterations; k++) {
        u = l2Normalize(matMul(v, rest, false, true));
        v = l2Normalize(matMul(u, rest));
      }
      const s: Tensor3D = matMul(matMul(u, rest), v, false, true);
      const plane = matMul(u, v, true, false);
      rest = sub(rest, mul(s, plane));
      const positive = maximum(s, FLOOR);
      const part: Tensor3D = mul(pow(positive, alpha), plane);
      powered = powered ? add<Tensor3D>(powered, part) : part;
      divisor = add(pow(positive, 1 - alpha), EPSILON) as Tensor3D;
    }
    return add(powered!, div(rest, divisor!));
  });
}
