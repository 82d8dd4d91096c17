import { CovpoolError } from '@covpool/base';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { BinaryKind } from './binary-kind.ts';
import type { KernelModule } from './kernel-module.ts';

/** A product of matrices of numbers, row-major. */
export interface GemmOptions {
  /** The left side is stored transposed, [k, m]. */
  transposeA?: boolean;
  /** The right side is stored transposed, [n, k]. */
  transposeB?: boolean;
  /** Add to C instead of replacing it. */
  accumulate?: boolean;
  /** Numbers from one row of A, B, C to the next, where they are not dense. */
  lda?: number;
  ldb?: number;
  ldc?: number;
}

/** What a kernel needs to work in place on the memory of the wasm backend. Addresses are in bytes. */
export interface WasmPrimitives {
  readonly backend: BackendWasm;
  readonly kind: BinaryKind;
  /** The backend's memory. */
  readonly memory: WebAssembly.Memory;
  /** The compiled routines. */
  readonly routines: KernelModule;
  /** Where the numbers of a tensor begin. */
  address(tensor: TensorInfo): number;
  /** A new tensor whose numbers are whatever the memory held. */
  output(shape: readonly number[], dtype?: DataType): TensorInfo;
  /** At least this many bytes, 16-aligned, valid until the next call of `scratch` or of a routine that needs some. */
  scratch(bytes: number): number;
  /** Fills the bytes from an address with zeros. */
  clear(address: number, bytes: number): void;
  /** C[m,n] = A[m,k] · B[k,n] at the given addresses. */
  gemm(a: number, b: number, c: number, m: number, n: number, k: number, options?: GemmOptions): void;
}

interface EmscriptenParts {
  asm?: { memory?: WebAssembly.Memory };
  wasmMemory?: WebAssembly.Memory;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Instantiates the module on the memory of a backend. */
export function createPrimitives(
  backend: BackendWasm,
  kind: BinaryKind,
  instantiate: (memory: WebAssembly.Memory) => KernelModule,
): WasmPrimitives {
  const parts = backend.wasm as unknown as EmscriptenParts;
  const memory = parts.wasmMemory ?? parts.asm?.memory;
  if (!memory) {
    throw new CovpoolError(
      'unsupported',
      'wasm-kernels: the backend must expose its memory, got none; use @tensorflow/tfjs-backend-wasm 4.22.0',
    );
  }
  const routines = instantiate(memory);
  const gemmScratch = routines.gemmScratch();
  let area = 0;
  let areaBytes = 0;
  const scratch = (bytes: number): number => {
    if (bytes > areaBytes) {
      if (area) parts._free(area);
      // A little more than asked, so that a slowly growing demand does not leave a trail of holes.
      areaBytes = Math.ceil((bytes * 1.25) / 65536) * 65536;
      area = parts._malloc(areaBytes) >>> 0;
      if (!area) {
        areaBytes = 0;
        throw new CovpoolError(
          'unsupported',
          `wasm-kernels: ${bytes} bytes of scratch memory are needed, the heap is full`,
        );
      }
    }
    return area;
  };
  return {
    backend,
    kind,
    memory,
    routines,
    scratch,
    address: (tensor) => backend.getMemoryOffset(tensor.dataId),
    output: (shape, dtype = 'float32') => backend.makeOutput([...shape], dtype),
    clear: (address, bytes) => void new Uint8Array(memory.buffer, address, bytes).fill(0),
    gemm(a, b, c, m, n, k, { transposeA = false, transposeB = false, accumulate = false, lda, ldb, ldc } = {}) {
      const work = scratch(gemmScratch);
      // prettier-ignore
      routines.gemm(a, b, c, m, n, k, lda ?? (transposeA ? m : k), ldb ?? (transposeB ? k : n), ldc ?? n,
        Number(transposeA), Number(transposeB), Number(accumulate), work);
    },
  };
}
