import type { KernelModule } from './kernel-module.ts';

/** Rows x [m,d] of float32, less their mean with `centering`. */
export interface SpectralRows {
  x: Float32Array;
  m: number;
  d: number;
  centering: boolean;
}

/** What is made of the eigenvalues: how many of the largest count, their weights, that of the directions left out. */
export interface SpectralWeights {
  rank: number;
  weights: Float64Array;
  kernel: number;
}

/** What is made of H = U sym(G) Uᵀ [r,r]: `dA = UᵀN + RᵀU + shift·I`, N = S U + R, R = diag(across)(U sym(G) − H U). */
export interface SpectralSlopes {
  s: Float64Array;
  across?: Float64Array;
  shift: number;
}

/** Where the routines work: on the backend's memory, or on one of their own. */
export interface Float64Memory {
  routines: KernelModule;
  memory: WebAssembly.Memory;
  /** At least so many bytes, 16-aligned, valid until the next call. */
  scratch: (bytes: number) => number;
}

/** Matrix routines in float64 that run in WebAssembly. Arrays are copied into its memory and out of it. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. */
  timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their eigenvectors as rows. */
  symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array };
  /**
   * `Σ_k weight_k u_k u_kᵀ + kernel·(I − Σ_k u_k u_kᵀ)` [d,d] of the covariance of rows, m ≤ d, through the M×M side: `choose` is given the
   * eigenvalues, descending, and says what is made of them. Beside the result the eigenvectors, as rows [rank,d].
   */
  rowFunction(
    rows: SpectralRows,
    choose: (values: Float64Array) => SpectralWeights,
  ): { result: Float32Array; vectors: Float64Array };
  /** Its gradient with respect to the rows, from that of the result; `choose` is given H. */
  rowFunctionGradient(
    rows: SpectralRows,
    vectors: Float64Array,
    dy: Float32Array,
    choose: (h: Float64Array) => SpectralSlopes,
  ): Float32Array;
}

/** The routines on the scratch memory of a backend. */
export function float64Routines({ routines, scratch, memory }: Float64Memory): Float64Routines {
  const singles = (address: number, length: number): Float32Array => new Float32Array(memory.buffer, address, length);
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
    rowFunction({ x, m, d, centering }, choose) {
      const at = places(scratch, {
        work: routines.rowSpectrumWork(m, d) >>> 0,
        values: 8 * m,
        scales: 8 * m,
        weights: 8 * m,
        vectors: 8 * m * d,
        x: 4 * m * d,
        result: 4 * d * d,
        order: 4 * m,
      });
      singles(at.x, m * d).set(x);
      routines.rowSpectrum(at.x, m, d, Number(centering), at.values, at.work);
      const values = view(at.values, m).slice();
      const order = Int32Array.from(values.keys()).sort((i, j) => values[j]! - values[i]!);
      const descending = Float64Array.from(order, (i) => values[i]!);
      const { rank, weights, kernel } = choose(descending);
      new Int32Array(memory.buffer, at.order, rank).set(order.subarray(0, rank));
      view(at.scales, rank).set(descending.subarray(0, rank).map((value) => 1 / Math.sqrt(m * value)));
      view(at.weights, rank).set(weights.map((weight) => weight - kernel));
      routines.rowFunction(m, d, rank, at.order, at.scales, at.weights, kernel, at.vectors, at.result, at.work);
      return { result: singles(at.result, d * d).slice(), vectors: view(at.vectors, rank * d).slice() };
    },
    rowFunctionGradient({ x, m, d, centering }, vectors, dy, choose) {
      const rank = vectors.length / d;
      const at = places(scratch, {
        work: routines.rowSpectrumWork(m, d) >>> 0,
        vectors: 8 * rank * d,
        h: 8 * rank * rank,
        s: 8 * rank * rank,
        across: 8 * rank,
        x: 4 * m * d,
        dy: 4 * d * d,
        dx: 4 * m * d,
      });
      singles(at.x, m * d).set(x);
      singles(at.dy, d * d).set(dy);
      view(at.vectors, rank * d).set(vectors);
      routines.rowFunctionInner(at.x, m, d, Number(centering), rank, at.vectors, at.dy, at.h, at.work);
      const { s, across, shift } = choose(view(at.h, rank * rank).slice());
      view(at.s, rank * rank).set(s);
      if (across) view(at.across, rank).set(across);
      routines.rowFunctionGradient(m, d, rank, at.s, across ? at.across : 0, shift, at.dx, at.work);
      return singles(at.dx, m * d).slice();
    },
  };
}

/** Addresses of areas of so many bytes each, 16-aligned, one after the other in scratch memory. */
function places<Names extends string>(
  scratch: Float64Memory['scratch'],
  bytes: Record<Names, number>,
): Record<Names, number> {
  const entries = Object.entries(bytes) as [Names, number][];
  let end = scratch(entries.reduce((sum, [, size]) => sum + size + 16, 0));
  const addresses = {} as Record<Names, number>;
  for (const [name, size] of entries) {
    addresses[name] = end;
    end += Math.ceil(size / 16) * 16;
  }
  return addresses;
}
