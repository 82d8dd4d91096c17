import { add, eye, matMul, mul, sub, type Tensor, transpose } from '@tensorflow/tfjs-core';

/**
 * The coupled Newton–Schulz iteration of Higham as iSQRT-COV uses it (Li et al., CVPR 2018), for symmetric A with
 * eigenvalues in [0,1]: from Y₀ = A, Z₀ = I,
 * `T = (3I − Z Y)/2, Y ← Y T, Z ← T Z`; then Y → A^(1/2) and Z → A^(−1/2) off the kernel, and Y = A Z at every step.
 * All iterates are polynomials in A, so they are symmetric and commute.
 */
export interface Iterates {
  /** Y₀ … Y_{N−1} */
  y: Tensor[];
  /** Z₁ … Z_{N−1}; Z₀ = I is left out: `z[k]` is Z_{k+1}. */
  z: Tensor[];
  /** T₁ … T_N: `t[k]` leads from iterate k to k+1. */
  t: Tensor[];
}

const leading = (product: Tensor): Tensor => sub(mul(eye(product.shape.at(-1)!), 1.5), mul(product, 0.5));

/** All iterates that the last step needs, N ≥ 1. Costs 1 + 3(N−2) + 1 products (none for N = 1). */
export function iterate(a: Tensor, iterations: number): Iterates {
  const iterates: Iterates = { y: [a], z: [], t: [leading(a)] };
  for (let k = 1; k < iterations; k++) {
    const [y, t] = [iterates.y[k - 1]!, iterates.t[k - 1]!];
    const nextY = matMul(y, t);
    const nextZ = k === 1 ? t : matMul(t, iterates.z[k - 2]!);
    iterates.y.push(nextY);
    iterates.z.push(nextZ);
    iterates.t.push(leading(matMul(nextZ, nextY)));
  }
  return iterates;
}

/** Y_N ≈ A^(1/2). */
export function lastRoot({ y, t }: Iterates): Tensor {
  return matMul(y.at(-1)!, t.at(-1)!);
}

/** Z_N ≈ A^(−1/2), with Y_N = A Z_N. */
export function lastInverseRoot({ z, t }: Iterates): Tensor {
  return z.length === 0 ? t[0]! : matMul(t.at(-1)!, z.at(-1)!);
}

/**
 * The symmetric gradient with respect to A from that of the last iterate (`which`), by reverse differentiation of every
 * step: `gT = Y gY′ + gZ′ Z`, `gW = −gT/2`, `gY = gY′ T + Z gW`, `gZ = T gZ′ + gW Y`. Costs 6(N−2) + 6 products.
 */
export function iterateGradient({ y, z, t }: Iterates, gradient: Tensor, which: 'root' | 'inverse-root'): Tensor {
  let gY: Tensor | undefined = which === 'root' ? gradient : undefined;
  let gZ: Tensor | undefined = which === 'root' ? undefined : gradient;
  for (let k = y.length - 1; k > 0; k--) {
    const [yk, zk, tk] = [y[k]!, z[k - 1]!, t[k]!];
    const gW = mul(sumOf(gY && matMul(yk, gY), gZ && matMul(gZ, zk)), -0.5);
    [gY, gZ] = [sumOf(gY && matMul(gY, tk), matMul(zk, gW)), sumOf(gZ && matMul(tk, gZ), matMul(gW, yk))];
  }
  // The first step starts from Y = A, Z = I.
  const a = y[0]!;
  const gW = mul(sumOf(gY && matMul(a, gY), gZ), -0.5);
  return symmetric(sumOf(gY && matMul(gY, t[0]!), gW));
}

function sumOf(p: Tensor | undefined, q: Tensor | undefined): Tensor {
  return p && q ? add(p, q) : (p ?? q)!;
}

/** `(G + Gᵀ)/2` of each matrix of a batch. */
export function symmetric(g: Tensor): Tensor {
  return mul(add(g, transpose(g, [0, 2, 1])), 0.5);
}

/** What `customGrad` hands to a forward function to keep tensors for the gradient. */
export type Saver = (tensors: Tensor[]) => void;

/** Tensors as a flat list for the tape, and back. */
export const pack = ({ y, z, t }: Iterates): Tensor[] => [...y, ...z, ...t];

export function unpack(saved: Tensor[], iterations: number): Iterates {
  const [n, m] = [iterations, 2 * iterations - 1];
  return { y: saved.slice(0, n), z: saved.slice(n, m), t: saved.slice(m, m + n) };
}
