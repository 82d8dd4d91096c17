import type { EigenvalueMap, SpectralFunction } from './spectral-function.ts';

/**
 * The gradient of `A = UΛUᵀ ↦ U diag(f) Uᵀ` is `dA = U (L∘UᵀGU) Uᵀ + (Σ_i σ_i (UᵀGU)_ii) I`, G symmetrised: in the eigenbasis an
 * elementwise product with a symmetric matrix L. The gradients of the literature differ in L alone, also those that
 * are published through a matrix K of eigenvalue differences, for which `L_ij = K_ij f_i + K_ji f_j`.
 */
export interface Loewner {
  /** L for i ≠ j. */
  entry: (i: number, j: number) => number;
  /** L_ii; absent: the slopes s·h′(λ_i). */
  diagonal?: (i: number) => number;
  /** σ_i; absent: 0. */
  trace?: (i: number) => number;
}

/** A rule for L, given the function at all eigenvalues in descending order. */
export type LoewnerRule = (map: EigenvalueMap) => Loewner;

/** Where two eigenvalues differ by less than this share of the larger, the quotient has too few digits left. */
const NEAR = 1e-5;

/**
 * The exact gradient of any smooth function (Daleckii & Krein 1951): `L_ij = (f_i − f_j)/(λ_i − λ_j)`, and where the two are
 * near, the slope half-way between them. The error of either is at most some 4e-11.
 */
export const exactRule =
  ({ slope }: SpectralFunction): LoewnerRule =>
  ({ lambda, s, f }) => {
    return {
      entry(i, j) {
        const [a, b] = [lambda[i]!, lambda[j]!];
        const near = Math.abs(a - b) <= NEAR * Math.max(Math.abs(a), Math.abs(b));
        return near ? s * slope((a + b) / 2) : (f[i]! - f[j]!) / (a - b);
      },
    };
  };

/** K_ij of two eigenvalues. */
type Differences = (lambda: Float64Array) => (i: number, j: number) => number;

/** A gradient published through K. */
const throughK =
  (differences: Differences): LoewnerRule =>
  ({ lambda, f }) => {
    const k = differences(lambda);
    return { entry: (i, j) => k(i, j) * f[i]! + k(j, i) * f[j]! };
  };

/**
 * MPN-COV's K (Li et al., ICCV 2017; Ionescu et al. 2015): `1/(λ_i − λ_j)`, 0 where the two are equal, and 0 for a dropped
 * eigenvalue: the released code sets its vector to zero.
 */
export const kMatrixRule = throughK((lambda) => (i, j) => {
  const [a, b] = [lambda[i]!, lambda[j]!];
  return a === b || a === 0 || b === 0 ? 0 : 1 / (a - b);
});

/** The same as DifferentiableSVD has it: where the two are equal, the largest finite K of this matrix, for (i,j) and (j,i). */
export const originalRule = throughK((lambda) => {
  let smallest = Infinity;
  for (let i = 1; i < lambda.length; i++) {
    const gap = lambda[i - 1]! - lambda[i]!;
    if (gap > 0) smallest = Math.min(smallest, gap);
  }
  return (i, j) => 1 / (lambda[i]! - lambda[j]! || smallest);
});

/** SVD-Trunc: K kept within ±1e10. */
export const truncRule = throughK((lambda) => (i, j) => {
  const gap = lambda[i]! - lambda[j]!;
  return gap === 0 ? 1e10 : Math.min(Math.max(1 / gap, -1e10), 1e10);
});

/** K from f(x) ≈ 1/(1−x): with m the larger eigenvalue, x the smaller over m, `K = ±f(x)/m`, + where λ_i ≥ λ_j. */
const throughRatio = (f: (x: number) => number): LoewnerRule =>
  throughK((lambda) => (i, j) => {
    const [a, b] = [lambda[i]!, lambda[j]!];
    return a >= b ? f(b / a) / a : -f(a / b) / b;
  });

/** `1 + x + … + x^degree`, by Horner's rule. */
function geometric(x: number, degree: number): number {
  let sum = 1;
  for (let k = 0; k < degree; k++) sum = sum * x + 1;
  return sum;
}

/** SVD-Taylor: `1/(1−x)` as its Taylor polynomial of degree 100. */
export const taylorRule = throughRatio((x) => geometric(x, 100));

/**
 * SVD-Padé. The [50/50] Padé approximant of 1/(1−x) is that function itself: its released coefficients are the rounding noise of a
 * singular system. What remains of it is that the ratio is formed first, and a finite value at x = 1: 1/δ, δ = 2.2e-16 in float64 and
 * 1.2e-7 in float32.
 */
export const padeRule = (delta: number): LoewnerRule => throughRatio((x) => 1 / Math.max(1 - x, delta));

/**
 * SVD-PI: power iteration with deflation from the largest eigenvalue down, 19 steps (Wang et al., NeurIPS 2019), in closed
 * form. The vector of the larger eigenvalue a of a pair sees that of the smaller one, b, through `Σ_{k≤19} (b/a)^k / a`. The
 * other way round, `1/b` of the deflated matrix and what flows back through the deflation, `−(a/b) Σ_{k≤19} (b/a)^k / a`, add
 * up to `−Σ_{k≤18} (b/a)^k / a`.
 */
export const powerIterationRule = throughK((lambda) => (i, j) => {
  const [a, b] = [lambda[Math.min(i, j)]!, lambda[Math.max(i, j)]!];
  return i < j ? geometric(b / a, 19) / a : -geometric(b / a, 18) / a;
});

/**
 * SVD-PI as released: it projects with I − UUᵀ of the full basis U, which is zero, and drops the eigenvalues' part. What is left
 * of its gradient is rounding.
 */
export const releasedPowerIterationRule: LoewnerRule = () => ({ entry: () => 0, diagonal: () => 0 });

/**
 * SVD-Newton: the gradient of the Newton–Schulz root with trace normalisation t and N = 10 steps, below an exact root. Every
 * iterate is a polynomial of A/t, so L consists of divided differences of the scalar iteration y_N at a_i = λ_i/t:
 * `L_ij = [y_N](a_i, a_j)/√t`, `σ_i = y_N(a_i)/(2√t) − a_i y_N′(a_i)/√t`.
 */
export const newtonRule: LoewnerRule = ({ lambda }) => {
  const t = lambda.reduce((sum, value) => sum + value, 0);
  const runs = Array.from(lambda, (value) => scalarIteration(value / t));
  const entry = (i: number, j: number): number => dividedDifference(runs[i]!, runs[j]!) / Math.sqrt(t);
  return {
    entry,
    diagonal: (i) => entry(i, i),
    trace: (i) => runs[i]![NEWTON_STEPS]!.y / (2 * Math.sqrt(t)) - (lambda[i]! / t) * entry(i, i),
  };
};

const NEWTON_STEPS = 10;

interface Step {
  y: number;
  z: number;
  /** (3 − z y)/2 */
  t: number;
}

/** Iterates 0 … N of one eigenvalue. */
function scalarIteration(a: number): Step[] {
  const steps: Step[] = [];
  let [y, z] = [a, 1];
  for (let k = 0; k <= NEWTON_STEPS; k++) {
    const t = (3 - z * y) / 2;
    steps.push({ y, z, t });
    [y, z] = [y * t, t * z];
  }
  return steps;
}

/** `(y_N(a) − y_N(b))/(a − b)` by the product rule `[pq](a,b) = p(a)[q] + [p]q(b)`, which holds for a = b too. */
function dividedDifference(a: Step[], b: Step[]): number {
  let [dy, dz] = [1, 0];
  for (let k = 0; k < NEWTON_STEPS; k++) {
    const [p, q] = [a[k]!, b[k]!];
    const dt = -(p.z * dy + dz * q.y) / 2;
    [dy, dz] = [p.y * dt + dy * q.t, p.t * dz + dt * q.z];
  }
  return dy;
}
