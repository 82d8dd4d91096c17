import type { WasmPrimitives } from './primitives.ts';

/** Matrix routines in float64 that run in WebAssembly. Arrays are copied into its memory and out of it. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. */
  timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their eigenvectors as rows. */
  symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array };
}

/** The routines on the scratch memory of a backend. */
export function float64Routines({ routines, scratch, memory }: WasmPrimitives): Float64Routines {
  const view = (address: number, length: number): Float64Array => new Float64Array(memory.buffer, address, length);
  return {
    timesTransposed(a, b, m, n, k) {
      const at = scratch(8 * (m * k + n * k + m * n));
      const [second, result] = [at + 8 * m * k, at + 8 * (m * k + n * k)];
      view(at, m * k).set(a);
      view(second, n * k).set(b);
      routines.timesTransposed64(at, second, result, m, n, k);
      return view(result, m * n).slice();
    },
    symmetricEigen(matrix, d) {
      const at = scratch(8 * (d * d + 5 * d));
      const [values, work] = [at + 8 * d * d, at + 8 * (d * d + d)];
      view(at, d * d).set(matrix);
      routines.symmetricEigen64(at, d, values, work);
      return { values: view(values, d).slice(), vectors: view(at, d * d).slice() };
    },
  };
}
