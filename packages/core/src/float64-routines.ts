import { getBackend } from '@tensorflow/tfjs-core';
import { sharedGlobal } from './shared-global.ts';

/** Matrix routines in float64 for kernels that the processor computes. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. */
  timesTransposed: (a: Float64Array, b: Float64Array, m: number, n: number, k: number) => Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their unit eigenvectors as rows. */
  symmetricEigen: (matrix: Float64Array, d: number) => { values: Float64Array; vectors: Float64Array };
}

const known = sharedGlobal('float64-routines', () => new Map<string, Float64Routines>());

/** Says what a backend brings along that is faster than plain TypeScript. */
export function registerFloat64Routines(backendName: string, routines: Float64Routines): void {
  known.set(backendName, routines);
}

/** What the backend that runs brings along; undefined: plain TypeScript must do. */
export const float64Routines = (): Float64Routines | undefined => known.get(getBackend());
