import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { BatchJob } from './batch-job.ts';
import type { KernelModule } from './kernel-module.ts';
import type { WasmPrimitives } from './primitives.ts';

/** What is made of the eigenvalues of a picture. */
export interface SpectralWeights {
  /** How many of the largest count. */
  rank: number;
  /** Their weights. */
  weights: Float64Array;
  /** The weight of the directions left out. */
  kernel: number;
  /** Up to m + 1 numbers for the gradient. */
  kept: Float64Array;
}

/** What is known of a picture between the halves of its gradient, valid during the call. */
export interface SpectralInner {
  rank: number;
  kept: Float64Array;
  /** H = U sym(G) Uᵀ [rank,rank]. */
  h: Float64Array;
  /** Room for S [rank,rank]. */
  s: Float64Array;
  /** The trace of G. */
  trace: number;
}

/** What is made of it besides S: `dA = UᵀN + RᵀU + shift·I`, N = S U + R, R = diag(across)(U sym(G) − H U). */
export interface SpectralSlopes {
  across?: Float64Array;
  shift: number;
}

/** Where the routines work: on the backend's memory, or on one of their own. */
export interface Float64Memory {
  routines: KernelModule;
  memory: WebAssembly.Memory;
  /** At least so many bytes, 16-aligned, valid until the next call. */
  scratch: (bytes: number) => number;
  /** Where a tensor's numbers are, or are brought for this call; the name tells the tensors of a call apart. */
  read: (tensor: TensorInfo, name: string) => number;
  /** Room for the numbers of a new tensor, and the tensor once they are there. */
  room: (shape: number[], dtype: DataType, name: string) => { address: number; tensor: () => TensorInfo };
  /** Runs a routine on the pictures of a batch, on several cores; absent: one after the other. */
  job?: (job: BatchJob) => void;
}

/** What the pictures that are worked on together may take. */
const MOST_BYTES = 2 ** 26;

/** Matrix routines in float64 that run in WebAssembly. */
export interface Float64Routines {
  /** `A Bᵀ` of rows [m,k] and [n,k]. Arrays are copied into its memory and out of it. */
  timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array;
  /** Eigenvalues of a symmetric matrix with entries up to 1, in no order, and their eigenvectors as rows. */
  symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array };
  /**
   * `Σ_k weight_k u_k u_kᵀ + kernel·(I − Σ_k u_k u_kᵀ)` [count,d,d] of the covariances of rows x [count,m,d] (of their second moments, without
   * centring), m ≤ d, through the M×M side: `choose` is given each picture's eigenvalues, descending, and says what is made of them.
   * Beside the result a tensor for the gradient, 8 (m² + 2m + 2) bytes a picture.
   */
  rowFunction(
    x: TensorInfo,
    centering: boolean,
    choose: (values: Float64Array) => SpectralWeights,
  ): [result: TensorInfo, state: TensorInfo];
  /** Its gradient with respect to the rows, from that of the result; `choose` is given H and writes S. */
  rowFunctionGradient(
    inputs: { dy: TensorInfo; x: TensorInfo; state: TensorInfo },
    centering: boolean,
    choose: (inner: SpectralInner) => SpectralSlopes,
  ): TensorInfo;
}

/** The routines on the memory of the wasm backend. */
export function wasmFloat64Routines(primitives: WasmPrimitives): Float64Routines {
  const { routines, memory, scratch, address, output } = primitives;
  return float64Routines({
    ...{ routines, memory, scratch, read: address },
    room(shape, dtype) {
      const tensor = output(shape, dtype);
      return { address: address(tensor), tensor: () => tensor };
    },
  });
}

/** The routines on a memory. */
export function float64Routines({ routines, scratch, memory, read, room, job }: Float64Memory): Float64Routines {
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
    rowFunction(x, centering, choose) {
      const [count, m, d] = x.shape as [number, number, number];
      const xs = read(x, 'x');
      const result = room([count, d, d], 'float32', 'result');
      const { state, of } = newState(count, m);
      const rows = panelBytes(m, d);
      const areas = { values: 8 * m, settings: 16, weights: 8 * m, order: 4 * m, vectors: 8 * m * m, rows };
      inGroups(count, areas, routines.rowSpectrumScratch(m, d) >>> 0, ({ first, length, at, run }) => {
        run('rowSpectrum', (b) => [
          ...[xs + 4 * (first + b) * m * d, m, d, Number(centering)],
          ...[at('rows', b), at('values', b), at('vectors', b)],
        ]);
        for (let b = 0; b < length; b++) {
          const values = view(at('values', b), m);
          const order = Int32Array.from(values.keys()).sort((i, j) => values[j]! - values[i]!);
          const descending = Float64Array.from(order, (i) => values[i]!);
          const { rank, weights, kernel, kept } = choose(descending);
          const { header, scales } = of(first + b);
          header.fill(0);
          header[0] = rank;
          header.set(kept, 1);
          const ofPicture = view(scales, m);
          for (let k = 0; k < rank; k++) ofPicture[k] = 1 / Math.sqrt(m * descending[k]!);
          view(at('settings', b), 2).set([rank, kernel]);
          new Int32Array(memory.buffer, at('order', b), m).set(order);
          view(at('weights', b), rank).set(weights.map((weight) => weight - kernel));
        }
        run('rowFunction', (b) => [
          ...[m, d, at('settings', b), at('order', b), of(first + b).scales, at('weights', b)],
          ...[at('rows', b), at('vectors', b), of(first + b).vectors, result.address + 4 * (first + b) * d * d],
        ]);
      });
      return [result.tensor(), state.tensor()];
    },
    rowFunctionGradient({ dy, x, state }, centering, choose) {
      const [count, m, d] = x.shape as [number, number, number];
      const [dys, xs] = [read(dy, 'dy'), read(x, 'x')];
      const of = stateAt(read(state, 'state'), m);
      const dx = room(x.shape, 'float32', 'result');
      const [rows, square] = [panelBytes(m, d), panelBytes(m, m)];
      const areas = {
        ...{ settings: 24, h: 8 * m * m, s: 8 * m * m, across: 8 * m },
        rows,
        u: rows,
        p: rows,
        cut: square,
      };
      inGroups(count, areas, routines.rowGradientScratch(m, d) >>> 0, ({ first, length, at, run }) => {
        for (let b = 0; b < length; b++) view(at('settings', b), 1)[0] = of(first + b).header[0]!;
        run('rowFunctionInner', (b) => [
          ...[xs + 4 * (first + b) * m * d, m, d, Number(centering)],
          ...[at('settings', b), of(first + b).scales, of(first + b).vectors, dys + 4 * (first + b) * d * d],
          ...[at('rows', b), at('u', b), at('p', b), at('cut', b), at('h', b)],
        ]);
        for (let b = 0; b < length; b++) {
          const { header } = of(first + b);
          const settings = view(at('settings', b), 3);
          const rank = header[0]!;
          const [h, s] = [view(at('h', b), rank * rank), view(at('s', b), rank * rank)];
          const { across, shift } = choose({ rank, kept: header.subarray(1), h, s, trace: settings[1]! });
          settings.set([rank, shift, Number(across !== undefined)]);
          if (across) view(at('across', b), rank).set(across);
        }
        run('rowFunctionGradient', (b) => [
          ...[m, d, at('settings', b), of(first + b).scales, of(first + b).vectors],
          ...[at('s', b), at('across', b), at('h', b), at('rows', b), at('u', b), at('p', b), at('cut', b)],
          dx.address + 4 * (first + b) * m * d,
        ]);
      });
      return dx.tensor();
    },
  };

  /** Of each picture rank and kept numbers, one more than m; scales and eigenvectors of K in descending order. As int32 pairs. */
  function newState(count: number, m: number) {
    const state = room([count, 2 * (m * m + 2 * m + 2)], 'int32', 'state');
    return { state, of: stateAt(state.address, m) };
  }

  function stateAt(address: number, m: number) {
    return (b: number) => {
      const own = address + 8 * b * (m * m + 2 * m + 2);
      return { header: view(own, m + 2), scales: own + 8 * (m + 2), vectors: own + 8 * (2 * m + 2) };
    };
  }

  /**
   * Calls back for groups of pictures, each with its areas: those of one picture after those of another, at equal steps. `run` appends
   * the scratch of a thread to a routine's arguments.
   */
  function inGroups<Names extends string>(
    count: number,
    areas: Record<Names, number>,
    ofThread: number,
    each: (group: {
      first: number;
      length: number;
      at: (name: Names, b: number) => number;
      run: (routine: keyof KernelModule, values: (b: number) => number[]) => void;
    }) => void,
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
      const base = scratch(length * step + (job ? 0 : ofThread));
      each({
        ...{ first, length, at: (name, b) => base + b * step + offsets[name] },
        run(routine, values) {
          if (job) job({ routine, count: length, scratch: ofThread, values: (b, _, own) => [...values(b), own] });
          else (routines[routine] as (...values: number[]) => void)(...values(0), base + step);
        },
      });
    }
  }
}

/** Bytes of a matrix [k,n] in panels of four columns. */
function panelBytes(k: number, n: number): number {
  return 8 * (4 * Math.ceil(k / 4)) * (4 * Math.ceil(n / 4));
}
