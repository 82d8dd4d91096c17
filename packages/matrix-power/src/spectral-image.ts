import { timesTransposed, transposed } from '@covpool/core';
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
  const columns = transposed(vectors, rank, d);
  const weighted = columns.map((value, at) => value * (f[at % rank]! - kernel));
  out.set(timesTransposed(weighted, columns, d, d, rank));
  for (let i = 0; i < d; i++) out[i * d + i]! += kernel;
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
  const { d, rank, vectors } = spectrum;
  const p = timesTransposed(vectors, symmetricPart(g, d), rank, d, d);
  const h = timesTransposed(p, vectors, rank, rank, d);
  const s = new Float64Array(rank * rank);
  const { across: weights, shift } = spectralSlopes(spectrum, plan, traceOf(g, d), h, s);
  const columns = transposed(vectors, rank, d);
  const along = timesTransposed(s, columns, rank, d, rank);
  if (!weights) return { along, shift };

  const across = timesTransposed(h, columns, rank, d, rank);
  for (let i = 0; i < rank; i++) {
    for (let at = i * d; at < (i + 1) * d; at++) {
      across[at] = weights[i]! * (p[at]! - across[at]!);
      along[at]! += across[at]!;
    }
  }
  return { along, across, shift };
}

/**
 * Writes `S = L∘H` [r,r]; returns L_ik of the kept directions and the kernel (absent if there is none), and c. From H = U sym(G) Uᵀ and
 * the trace of G.
 */
export function spectralSlopes(
  { d, rank, values }: Omit<Spectrum, 'vectors'>,
  plan: SpectralPlan,
  trace: number,
  h: Float64Array,
  s: Float64Array,
): { across?: Float64Array; shift: number } {
  const map = mapEigenvalues(plan.function, values);
  const { entry, diagonal, trace: share } = plan.rule(map);
  const inner = innerProduct(map, trace, h, rank, d);
  let shift = 0;
  for (let i = 0; i < rank; i++) {
    const own = h[i * rank + i]!;
    s[i * rank + i] = (diagonal?.(i) ?? map.slope[i]!) * own + inner * (map.logSlopes?.[i] ?? 0);
    shift += (share?.(i) ?? 0) * own;
    for (let j = 0; j < i; j++) s[i * rank + j] = s[j * rank + i] = entry(i, j) * h[i * rank + j]!;
  }
  if (rank === d) return { shift };
  return { across: Float64Array.from({ length: rank }, (_, i) => entry(i, rank)), shift };
}

/** ⟨G, Q⟩, needed where a factor depends on all eigenvalues. */
function innerProduct(map: EigenvalueMap, trace: number, h: Float64Array, rank: number, d: number): number {
  if (!map.logSlopes) return 0;
  let [sum, outside] = [0, trace];
  for (let i = 0; i < rank; i++) {
    sum += map.f[i]! * h[i * rank + i]!;
    outside -= h[i * rank + i]!;
  }
  return rank < d ? sum + map.f[rank]! * outside : sum;
}

function traceOf(g: ArrayLike<number>, d: number): number {
  let trace = 0;
  for (let i = 0; i < d; i++) trace += g[i * d + i]!;
  return trace;
}

/** (A + Aᵀ)/2 */
export function symmetricPart(g: ArrayLike<number>, d: number): Float64Array {
  const part = transposed(g, d, d);
  for (let at = 0; at < part.length; at++) part[at] = (part[at]! + g[at]!) / 2;
  return part;
}
