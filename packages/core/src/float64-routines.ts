import { getBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import { sharedGlobal } from './shared-global.ts';

/** Matrix routines in float64 for kernels that the processor computes. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. */
  timesTransposed: (a: Float64Array, b: Float64Array, m: number, n: number, k: number) => Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their unit eigenvectors as rows. */
  symmetricEigen: (matrix: Float64Array, d: number) => { values: Float64Array; vectors: Float64Array };
  /**
   * `Σ_k weight_k u_k u_kᵀ + kernel·(I − Σ_k u_k u_kᵀ)` [count,d,d] of the covariances of rows x [count,m,d] (of their second moments, without
   * centring), m ≤ d: `choose` is given each picture's m largest eigenvalues, descending, and says how many count and with what weights,
   * and up to m + 1 numbers to keep. Beside the result a tensor for the gradient.
   */
  rowFunction: (
    x: TensorInfo,
    centering: boolean,
    choose: (values: Float64Array) => { rank: number; weights: Float64Array; kernel: number; kept: Float64Array },
  ) => [result: TensorInfo, state: TensorInfo];
  /**
   * Its gradient `(2/m) X̄ dA` with respect to the rows, `dA = UᵀN + RᵀU + shift·I`, N = S U + R, R = diag(across)(U sym(G) − H U): `choose` is
   * given H = U sym(G) Uᵀ, the trace of G and the kept numbers, writes S and says what across and shift are.
   */
  rowFunctionGradient: (
    inputs: { dy: TensorInfo; x: TensorInfo; state: TensorInfo },
    centering: boolean,
    choose: (inner: SpectralInner) => { across?: Float64Array; shift: number },
  ) => TensorInfo;
}

/** What is known of a picture between the halves of a gradient, valid during the call. */
export interface SpectralInner {
  rank: number;
  kept: Float64Array;
  /** H [rank,rank] */
  h: Float64Array;
  /** Room for S [rank,rank]. */
  s: Float64Array;
  /** The trace of G. */
  trace: number;
}

const known = sharedGlobal('float64-routines', () => new Map<string, Float64Routines>());

/** Says what a backend brings along that is faster than plain TypeScript. */
export function registerFloat64Routines(backendName: string, routines: Float64Routines): void {
  known.set(backendName, routines);
}

/** What the backend that runs brings along; undefined: plain TypeScript must do. */
export const float64Routines = (): Float64Routines | undefined => known.get(getBackend());
