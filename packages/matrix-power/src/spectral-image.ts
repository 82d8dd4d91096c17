import type { LoewnerRule } from './loewner.ts';
import { type EigenvalueMap, mapEigenvalues, type SpectralFunction } from './spectral-function.ts';
import type { SmallEigenvalues, Spectrum } from './spectrum.ts';
import type { Precision } from './symmetric-eigen.ts';

/** Everything that defines one normalisation by eigenvalues. */
export interface SpectralPlan {
  function: SpectralFunction;
  small: SmallEigenvalues;
  rule: LoewnerRule;
  /** Of the eigendecomposition; double if absent. */
  precision?: Precision;
}

/** `f₀ I + Σ_k (f_k − f₀) u_k u_kᵀ`, f₀ the kernel's, into `out` [d,d]. */
export function applyToSpectrum({ d, rank, values, vectors }: Spectrum, plan: SpectralPlan, out: Float32Array): void {
  const { f } = mapEigenvalues(plan.function, values);
  const kernel = rank < d ? f[rank]! : 0;
  const sum = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    sum[i * d + i] = kernel;
    for (let k = 0; k < rank; k++) {
      const weight = (f[k]! - kernel) * vectors[k * d + i]!;
      for (let j = i, to = i * d + i, from = k * d + i; j < d; j++, to++, from++) sum[to]! += weight * vectors[from]!;
    }
  }
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) out[i * d + j] = out[j * d + i] = sum[i * d + j]!;
}

/**
 * The gradient `dA = UᵀN + RᵀU + c I` in parts, U having the kept eigenvectors as rows: what a matrix and what rows need of it
 * differs.
 */
export interface SpectralGradient {
  /** Along the kept directions: `N = (L∘H) U + R` [r,d], H = U sym(G) Uᵀ. */
  along: Float64Array;
  /** Between the kept directions and the kernel: `R = diag(L_ik) (UG − HU)` [r,d]; absent if there is no kernel. */
  across?: Float64Array;
  /** c */
  shift: number;
}

/** @param g the gradient with respect to the result [d,d] */
export function spectralGradient(spectrum: Spectrum, plan: SpectralPlan, g: ArrayLike<number>): SpectralGradient {
  const { d, rank, values, vectors } = spectrum;
  const map = mapEigenvalues(plan.function, values);
  const { entry, diagonal, trace } = plan.rule(map);
  const p = timesSymmetric(vectors, g, rank, d);
  const h = timesTransposed(p, vectors, rank, d);
  const inner = innerProduct(map, g, h, rank, d);
  let shift = 0;
  const s = new Float64Array(rank * rank);
  for (let i = 0; i < rank; i++) {
    const own = h[i * rank + i]!;
    s[i * rank + i] = (diagonal?.(i) ?? map.slope[i]!) * own + inner * (map.logSlopes?.[i] ?? 0);
    shift += (trace?.(i) ?? 0) * own;
    for (let j = 0; j < i; j++) s[i * rank + j] = s[j * rank + i] = entry(i, j) * h[i * rank + j]!;
  }
  const along = new Float64Array(rank * d);
  addProduct(along, s, vectors, rank, d);
  if (rank === d) return { along, shift };

  const across = p;
  addProduct(
    across,
    h.map((value) => -value),
    vectors,
    rank,
    d,
  );
  for (let i = 0; i < rank; i++) {
    const weight = entry(i, rank);
    for (let j = i * d; j < (i + 1) * d; j++) {
      across[j]! *= weight;
      along[j]! += across[j]!;
    }
  }
  return { along, across, shift };
}

/** ⟨G, Q⟩, needed where a factor depends on all eigenvalues. */
function innerProduct(map: EigenvalueMap, g: ArrayLike<number>, h: Float64Array, rank: number, d: number): number {
  if (!map.logSlopes) return 0;
  let [sum, outside] = [0, 0];
  for (let i = 0; i < d; i++) outside += g[i * d + i]!;
  for (let i = 0; i < rank; i++) {
    sum += map.f[i]! * h[i * rank + i]!;
    outside -= h[i * rank + i]!;
  }
  return rank < d ? sum + map.f[rank]! * outside : sum;
}

/** `U·sym(G)` of r rows. */
function timesSymmetric(u: Float64Array, g: ArrayLike<number>, rank: number, d: number): Float64Array {
  const symmetric = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) symmetric[i * d + j] = (g[i * d + j]! + g[j * d + i]!) / 2;
  const product = new Float64Array(rank * d);
  for (let k = 0; k < rank; k++) {
    for (let i = 0; i < d; i++) {
      const weight = u[k * d + i]!;
      for (let j = 0, to = k * d, from = i * d; j < d; j++, to++, from++) product[to]! += weight * symmetric[from]!;
    }
  }
  return product;
}

/** `P·Uᵀ` of r rows each. */
function timesTransposed(p: Float64Array, u: Float64Array, rank: number, d: number): Float64Array {
  const product = new Float64Array(rank * rank);
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < rank; j++) {
      let sum = 0;
      for (let k = 0, at = i * d, to = j * d; k < d; k++, at++, to++) sum += p[at]! * u[to]!;
      product[i * rank + j] = sum;
    }
  }
  return product;
}

/** `out += S·U`, S [r,r], U [r,d]. */
function addProduct(out: Float64Array, s: Float64Array, u: Float64Array, rank: number, d: number): void {
  for (let i = 0; i < rank; i++) {
    for (let k = 0; k < rank; k++) {
      const weight = s[i * rank + k]!;
      for (let j = 0, to = i * d, from = k * d; j < d; j++, to++, from++) out[to]! += weight * u[from]!;
    }
  }
}
