import { getBackend } from '@tensorflow/tfjs-core';
import { sharedGlobal } from './shared-global.ts';

/** Matrix routines in float64 for kernels that the processor computes. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. */
  timesTransposed: (a: Float64Array, b: Float64Array, m: number, n: number, k: number) => Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their unit eigenvectors as rows. */
  symmetricEigen: (matrix: Float64Array, d: number) => { values: Float64Array; vectors: Float64Array };
  /**
   * `Σ_k weight_k u_k u_kᵀ + kernel·(I − Σ_k u_k u_kᵀ)` [count,d,d] of the covariances of rows, m ≤ d: `choose` is given each picture's m
   * largest eigenvalues, descending, and says how many count and with what weights. Beside the result each picture's eigenvectors, as
   * rows [rank,d].
   */
  rowFunction: (
    rows: Float64Rows,
    choose: (values: Float64Array, picture: number) => { rank: number; weights: Float64Array; kernel: number },
  ) => { result: Float32Array; vectors: Float64Array[] };
  /**
   * Its gradient `(2/m) X̄ dA` with respect to the rows, `dA = UᵀN + RᵀU + shift·I`, N = S U + R, R = diag(across)(U sym(G) − H U): `choose`
   * is given H = U sym(G) Uᵀ and says what S, across and shift are.
   */
  rowFunctionGradient: (
    rows: Float64Rows,
    vectors: Float64Array[],
    dy: Float32Array,
    choose: (h: Float64Array, picture: number) => { s: Float64Array; across?: Float64Array; shift: number },
  ) => Float32Array;
}

/** Rows x [count,m,d] of float32, those of each picture less their mean with `centering`. */
export interface Float64Rows {
  x: Float32Array;
  m: number;
  d: number;
  centering: boolean;
}

const known = sharedGlobal('float64-routines', () => new Map<string, Float64Routines>());

/** Says what a backend brings along that is faster than plain TypeScript. */
export function registerFloat64Routines(backendName: string, routines: Float64Routines): void {
  known.set(backendName, routines);
}

/** What the backend that runs brings along; undefined: plain TypeScript must do. */
export const float64Routines = (): Float64Routines | undefined => known.get(getBackend());
