import { checkArgument } from '@covpool/base';
import { asRows, covariance } from '@covpool/covariance';
import {
  add,
  customGrad,
  div,
  eye,
  matMul,
  mean,
  mul,
  sqrt,
  sub,
  type Tensor,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { checkLyapunov, signIteration } from './lyapunov.ts';
import type { Saver } from './newton-schulz.ts';
import { aboveFloor, floored, normOf, plusTranspose } from './pre-normalization.ts';
import type { RootApproximation } from './root-approximation.ts';

/** How MPA and MTP are differentiated. */
export interface LyapunovOptions {
  /** Iterations of the matrix sign that solve the Lyapunov equation; the published number is 8. */
  iterations?: number;
}

export function checkMatrices(who: string, a: Tensor): void {
  checkArgument(a.rank === 3 && a.shape[1] === a.shape[2], () => `${who}: matrices must be [B,d,d], got [${a.shape}]`);
}

/** `S = √n f(A/n)`, n = ‖A‖_F, with the gradient X of `S X + X S = sym(G)`. Keeps S and n for it. */
export function lyapunovRoot(
  who: string,
  a: Tensor3D,
  approximation: RootApproximation,
  { iterations = 8 }: LyapunovOptions,
): Tensor3D {
  checkMatrices(who, a);
  checkLyapunov(who, iterations);
  return customGrad((x, save) => {
    const n = normOf(x as Tensor, 'frobenius');
    const root = mul(approximation.root(div(x as Tensor, floored(n))), sqrt(n));
    (save as Saver)([root, n]);
    return {
      value: root as Tensor3D,
      gradFunc: (dy: Tensor, [s, norms]: Tensor[]) => {
        const scale = sqrt(floored(norms!));
        // One half for the symmetric part, one for the end of the iteration.
        const c = mul(plusTranspose(dy), div(mul(aboveFloor(norms!), 0.25), scale));
        return signIteration(div(s!, scale), c, iterations);
      },
    };
  })(a);
}

/** `lyapunovRoot` of the covariance of features [B,M,d] or [B,H,W,d], on the cheaper side. */
export function lyapunovRootCov(
  who: string,
  x: Tensor,
  approximation: RootApproximation,
  { iterations = 8 }: LyapunovOptions,
): Tensor3D {
  checkLyapunov(who, iterations);
  return tidy(() => {
    const rows = asRows(who, x);
    const [, positions, channels] = rows.shape;
    if (positions < channels) return rowSide(rows, approximation, iterations);
    return lyapunovRoot(who, covariance(rows), approximation, { iterations });
  });
}

/**
 * `lyapunovRoot` of the covariance (1/M) X̄ᵀX̄ on the side of the rows. With `X̂ = X̄/√(M n)` and `K = X̂X̂ᵀ`,
 * `S = √n (f(0) I + X̂ᵀ g(K) X̂)`. The gradient `dX = (1/√M) X̂ c` takes `Y = X̂ c` of the same sign iteration: b stays of the form
 * `β I + X̂ᵀ γ X̂` and `X̂ b = b̃ X̂` with `b̃ = β I + γ K`, so that Y = N D + V X̂ with D = X̂ sym(G) and M×M matrices N and V:
 * `N ← T N, V ← T V + ½(b̃ W γ − W η), W = Y X̂ᵀ`, with `b² = β² I + X̂ᵀ η X̂`, `T = ½(3I − β² I − b̃² + β b̃)`.
 */
function rowSide(rows: Tensor3D, approximation: RootApproximation, iterations: number): Tensor3D {
  const [, positions, channels] = rows.shape;
  return customGrad((x, save) => {
    const centred = sub(x as Tensor, mean(x as Tensor, 1, true));
    const gram = matMul(centred, centred, false, true);
    const n = mul(normOf(gram, 'frobenius'), 1 / positions);
    const scale = floored(n);
    const slope = approximation.slope(div(gram, mul(scale, positions)));
    const scaled = div(centred, sqrt(mul(scale, positions)));
    const inRange = matMul(scaled, matMul(slope, scaled), true, false);
    (save as Saver)([scaled, slope, n]);
    return {
      value: mul(add(inRange, mul(eye(channels), approximation.atZero)), sqrt(n)) as Tensor3D,
      gradFunc: (dy: Tensor, [xHat, gamma, norms]: Tensor[]) => {
        const d = matMul(xHat!, mul(plusTranspose(dy), 0.5));
        const { n: outer, v } = rowIteration(xHat!, gamma!, d, approximation.atZero, iterations);
        const y = add(matMul(outer, d), matMul(v, xHat!));
        return mul(y, mul(aboveFloor(norms!), 1 / Math.sqrt(positions)));
      },
    };
  })(rows);
}

/** N and V after the iterations. 11 products of M×M matrices each, against 6 of d×d. */
function rowIteration(
  xHat: Tensor,
  slope: Tensor,
  d: Tensor,
  atZero: number,
  iterations: number,
): { n: Tensor; v: Tensor } {
  const identity = eye(xHat.shape[1]!);
  const k = matMul(xHat, xHat, false, true);
  const w0 = matMul(d, xHat, false, true);
  let [beta, gamma, w] = [atZero, slope, w0];
  let n: Tensor | undefined;
  let v: Tensor | undefined;
  for (let i = 0; i < iterations; i++) {
    // K stands in front: rounding leaves large entries in rows of γ that K damps.
    const b = add(matMul(k, gamma), mul(identity, beta));
    const both = add(b, mul(identity, beta));
    const eta = matMul(gamma, both);
    const square = add(matMul(k, eta), mul(identity, beta * beta));
    const t = mul(add(sub(mul(identity, 3 - beta * beta), square), mul(b, beta)), 0.5);
    const wGamma = matMul(w, gamma);
    const added = mul(sub(matMul(b, wGamma), matMul(wGamma, both)), 0.5);
    n = n ? matMul(t, n) : t;
    v = v ? add(matMul(t, v), added) : added;
    w = add(matMul(n, w0), matMul(v, k));
    gamma = sub(mul(gamma, 1.5 - 0.5 * beta * beta), mul(matMul(b, eta), 0.5));
    beta *= 1.5 - 0.5 * beta * beta;
  }
  return { n: n!, v: v! };
}
