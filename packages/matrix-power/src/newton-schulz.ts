import { add, engine, eye, matMul, mul, sub, type Tensor } from '@tensorflow/tfjs-core';

/**
 * The coupled Newton–Schulz iteration of Higham as iSQRT-COV uses it (Li et al., CVPR 2018), for symmetric A with
 * eigenvalues in [0,1]: from Y₀ = A, Z₀ = I,
 * `T = (3I − Z Y)/2, Y ← Y T, Z ← T Z`; then Y → A^(1/2) and Z → A^(−1/2) off the kernel, and Y = A Z at every step.
 * All iterates are polynomials in A, so they are symmetric and commute.
 *
 * Kept are halves `y = Y/2`, so that `T = 3/2·I − Z y`: no step needs a scalar factor, and every launch counts.
 */
export interface Iterates {
  /** y₀ … y_{N−1} */
  y: Tensor[];
  /** Z₁ … Z_{N−1}; Z₀ = I is left out: `z[k]` is Z_{k+1}. */
  z: Tensor[];
  /** T₁ … T_N: `t[k]` leads from iterate k to k+1. */
  t: Tensor[];
}

/** All iterates that the last step needs, from y₀ = A/2, N ≥ 1. Costs 2 + 3(N−2) products (none for N = 1). */
export function iterate(half: Tensor, iterations: number): Iterates {
  const threeHalves = mul(eye(half.shape.at(-1)!), 1.5);
  const iterates: Iterates = { y: [half], z: [], t: [sub(threeHalves, half)] };
  for (let k = 1; k < iterations; k++) {
    const [y, t] = [iterates.y[k - 1]!, iterates.t[k - 1]!];
    const nextY = matMul(y, t);
    const nextZ = k === 1 ? t : matMul(t, iterates.z[k - 2]!);
    iterates.y.push(nextY);
    iterates.z.push(nextZ);
    iterates.t.push(sub(threeHalves, matMul(nextZ, nextY)));
  }
  return iterates;
}

/** y_N, half of Y_N ≈ A^(1/2). */
export function lastHalfRoot({ y, t }: Iterates): Tensor {
  return matMul(y.at(-1)!, t.at(-1)!);
}

/** Z_N ≈ A^(−1/2), with Y_N = A Z_N. */
export function lastInverseRoot({ z, t }: Iterates): Tensor {
  return z.length === 0 ? t[0]! : matMul(t.at(-1)!, z.at(-1)!);
}

/**
 * The gradient with respect to y₀ from that of y_N or Z_N, by reverse differentiation of every step:
 * `gT = y gy′ + gZ′ Z, gy = gy′ T − Z gT, gZ = T gZ′ − gT y`. Only the symmetric part of the result means something: all
 * iterates move along symmetric directions. Costs 6(N−2) + 6 products.
 */
export function iterateGradient({ y, z, t }: Iterates, of: { halfRoot: Tensor } | { inverseRoot: Tensor }): Tensor {
  let gY = 'halfRoot' in of ? of.halfRoot : undefined;
  let gZ = 'inverseRoot' in of ? of.inverseRoot : undefined;
  for (let k = y.length - 1; k > 0; k--) {
    const [yk, zk, tk] = [y[k]!, z[k - 1]!, t[k]!];
    const gT = sumOf(gY && matMul(yk, gY), gZ && matMul(gZ, zk));
    [gY, gZ] = [
      difference(gY && matMul(gY, tk), matMul(zk, gT)), //
      difference(gZ && matMul(tk, gZ), matMul(gT, yk)),
    ];
  }
  // The first step starts from Z = I.
  const gT = sumOf(gY && matMul(y[0]!, gY), gZ);
  return difference(gY && matMul(gY, t[0]!), gT);
}

const sumOf = (p: Tensor | undefined, q: Tensor | undefined): Tensor => (p && q ? add(p, q) : (p ?? q)!);

const difference = (p: Tensor | undefined, q: Tensor): Tensor => (p ? sub(p, q) : mul(q, -1));

/** What `customGrad` hands to a forward function to keep tensors for the gradient. */
export type Saver = (tensors: Tensor[]) => void;

/** The iterates as a flat list of outputs of a kernel, and back. */
export const pack = ({ y, z, t }: Iterates): Tensor[] => [...y, ...z, ...t];

export function unpack(saved: Tensor[], iterations: number): Iterates {
  const [n, m] = [iterations, 2 * iterations - 1];
  return { y: saved.slice(0, n), z: saved.slice(n, m), t: saved.slice(m, m + n) };
}

/** What a forward kernel keeps for its gradient kernel, as inputs of that: `kept0`, `kept1`, … Each form has its own. */
export interface Kept {
  [name: `kept${number}`]: Tensor;
}

export const asInputs = (kept: Tensor[]): Kept =>
  Object.fromEntries(kept.map((tensor, k) => [`kept${k}`, tensor])) as Kept;

/** The kept tensors among a kernel's inputs, in order. */
export function keptOf(inputs: Kept): Tensor[] {
  const kept: Tensor[] = [];
  for (let k = 0; inputs[`kept${k}`]; k++) kept.push(inputs[`kept${k}`]!);
  return kept;
}

/** Whether a gradient will be asked for: only then is anything kept for it. */
export const isRecorded = (): boolean => engine().isTapeOn();
