import type { BatchJob } from './batch-job.ts';
import type { KernelModule } from './kernel-module.ts';

/** Rows x [count,m,d] of float32, those of each picture less their mean with `centering`. */
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
  /** Runs a routine on the pictures of a batch, on several cores; absent: one after the other. */
  job?: (job: BatchJob) => void;
}

/** What the pictures that are worked on together may take. */
const MOST_BYTES = 2 ** 26;

/** Matrix routines in float64 that run in WebAssembly. Arrays are copied into its memory and out of it. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. */
  timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their eigenvectors as rows. */
  symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array };
  /**
   * `Σ_k weight_k u_k u_kᵀ + kernel·(I − Σ_k u_k u_kᵀ)` [count,d,d] of the covariances of rows, m ≤ d, through the M×M side: `choose` is
   * given each picture's eigenvalues, descending, and says what is made of them. Beside the result each picture's eigenvectors, as
   * rows [rank,d].
   */
  rowFunction(
    rows: SpectralRows,
    choose: (values: Float64Array, picture: number) => SpectralWeights,
  ): { result: Float32Array; vectors: Float64Array[] };
  /** Its gradient with respect to the rows, from that of the result; `choose` is given H. */
  rowFunctionGradient(
    rows: SpectralRows,
    vectors: Float64Array[],
    dy: Float32Array,
    choose: (h: Float64Array, picture: number) => SpectralSlopes,
  ): Float32Array;
}

/** The routines on the scratch memory of a backend. */
export function float64Routines({ routines, scratch, memory, job }: Float64Memory): Float64Routines {
  const run = job ?? onePicture;
  function onePicture({ routine, values }: BatchJob): void {
    (routines[routine] as (...values: number[]) => void)(...values(0, 1, 0));
  }
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
      const count = x.length / (m * d);
      const result = new Float32Array(count * d * d);
      const vectors: Float64Array[] = [];
      const areas = {
        work: routines.rowSpectrumWork(m, d) >>> 0,
        values: 8 * m,
        settings: 16,
        scales: 8 * m,
        weights: 8 * m,
        vectors: 8 * m * d,
        x: 4 * m * d,
        result: 4 * d * d,
        order: 4 * m,
      };
      inGroups(count, areas, (first, length, at) => {
        for (let b = 0; b < length; b++) singles(at('x', b), m * d).set(picture(x, first + b, m * d));
        const spectrum = (b: number): number[] => [at('x', b), m, d, Number(centering), at('values', b), at('work', b)];
        run({ routine: 'rowSpectrum', count: length, scratch: 0, values: spectrum });
        for (let b = 0; b < length; b++) {
          const values = view(at('values', b), m).slice();
          const order = Int32Array.from(values.keys()).sort((i, j) => values[j]! - values[i]!);
          const descending = Float64Array.from(order, (i) => values[i]!);
          const { rank, weights, kernel } = choose(descending, first + b);
          view(at('settings', b), 2).set([rank, kernel]);
          new Int32Array(memory.buffer, at('order', b), rank).set(order.subarray(0, rank));
          view(at('scales', b), rank).set(descending.subarray(0, rank).map((value) => 1 / Math.sqrt(m * value)));
          view(at('weights', b), rank).set(weights.map((weight) => weight - kernel));
        }
        const written = ['settings', 'order', 'scales', 'weights', 'vectors', 'result', 'work'] as const;
        const image = (b: number): number[] => [m, d, ...written.map((name) => at(name, b))];
        run({ routine: 'rowFunction', count: length, scratch: 0, values: image });
        for (let b = 0; b < length; b++) {
          picture(result, first + b, d * d).set(singles(at('result', b), d * d));
          vectors.push(view(at('vectors', b), view(at('settings', b), 1)[0]! * d).slice());
        }
      });
      return { result, vectors };
    },
    rowFunctionGradient({ x, m, d, centering }, vectors, dy, choose) {
      const dx = new Float32Array(x.length);
      const most = Math.max(...vectors.map(({ length }) => length / d));
      const areas = {
        work: routines.rowSpectrumWork(m, d) >>> 0,
        settings: 24,
        vectors: 8 * most * d,
        h: 8 * most * most,
        s: 8 * most * most,
        across: 8 * most,
        x: 4 * m * d,
        dy: 4 * d * d,
        dx: 4 * m * d,
      };
      inGroups(vectors.length, areas, (first, length, at) => {
        for (let b = 0; b < length; b++) {
          const own = vectors[first + b]!;
          singles(at('x', b), m * d).set(picture(x, first + b, m * d));
          singles(at('dy', b), d * d).set(picture(dy, first + b, d * d));
          view(at('vectors', b), own.length).set(own);
          view(at('settings', b), 1)[0] = own.length / d;
        }
        const read = ['settings', 'vectors', 'dy', 'h', 'work'] as const;
        const inner = (b: number): number[] => [
          at('x', b),
          m,
          d,
          Number(centering),
          ...read.map((name) => at(name, b)),
        ];
        run({ routine: 'rowFunctionInner', count: length, scratch: 0, values: inner });
        for (let b = 0; b < length; b++) {
          const rank = vectors[first + b]!.length / d;
          const { s, across, shift } = choose(view(at('h', b), rank * rank).slice(), first + b);
          view(at('settings', b), 3).set([rank, shift, Number(across !== undefined)]);
          view(at('s', b), rank * rank).set(s);
          if (across) view(at('across', b), rank).set(across);
        }
        const written = ['settings', 's', 'across', 'dx', 'work'] as const;
        const outer = (b: number): number[] => [m, d, ...written.map((name) => at(name, b))];
        run({ routine: 'rowFunctionGradient', count: length, scratch: 0, values: outer });
        for (let b = 0; b < length; b++) picture(dx, first + b, m * d).set(singles(at('dx', b), m * d));
      });
      return dx;
    },
  };

  /** Calls back for groups of pictures, each with its areas: those of one picture after those of another, at equal steps. */
  function inGroups<Names extends string>(
    count: number,
    areas: Record<Names, number>,
    each: (first: number, length: number, at: (name: Names, b: number) => number) => void,
  ): void {
    const offsets = {} as Record<Names, number>;
    let step = 0;
    for (const [name, bytes] of Object.entries(areas) as [Names, number][]) {
      offsets[name] = step;
      step += Math.ceil(bytes / 16) * 16;
    }
    const most = job ? Math.max(1, Math.floor(MOST_BYTES / step)) : 1;
    for (let first = 0; first < count; first += most) {
      const length = Math.min(most, count - first);
      const base = scratch(length * step);
      each(first, length, (name, b) => base + b * step + offsets[name]);
    }
  }
}

const picture = (values: Float32Array, b: number, size: number): Float32Array =>
  values.subarray(b * size, (b + 1) * size);
