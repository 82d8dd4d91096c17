import { loadBinary } from '#binary';
import { CovpoolError } from '@covpool/base';
import { compileFor } from './instantiate.ts';
import type { KernelModule } from './kernel-module.ts';
import { hasRelaxedSimd } from './relaxed-simd.ts';

const PAGE = 65536;

/** The routines on a memory of their own, for engines that keep tensors elsewhere. */
export interface HostMemory {
  readonly routines: KernelModule;
  readonly memory: WebAssembly.Memory;
  /** For further instances on the same memory. */
  readonly module: WebAssembly.Module;
  /**
   * The address of a block of at least so many bytes, 64-aligned. It stays, with what it holds, until the same name is asked for
   * with more bytes than it has.
   */
  block: (name: string, bytes: number) => number;
}

/** Readies the routines. Memory that is `shared` can be worked on by threads, where the runtime allows it. */
export async function createHostMemory({ shared = false }: { shared?: boolean } = {}): Promise<HostMemory> {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: PAGE, shared });
  const module = compileFor(await loadBinary(hasRelaxedSimd() ? 'relaxed' : 'plain'), shared);
  const routines = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelModule;
  const blocks = new Map<string, { address: number; bytes: number }>();
  let end = 64;
  return {
    routines,
    memory,
    module,
    block(name, bytes) {
      const known = blocks.get(name);
      if (known && known.bytes >= bytes) return known.address;
      // What a block leaves behind when it grows is lost: a half more than asked keeps that to a few times what is used.
      const size = Math.ceil((known ? 1.5 * bytes : bytes) / 64) * 64;
      const lacking = end + size - memory.buffer.byteLength;
      if (lacking > 0) grow(memory, Math.ceil(lacking / PAGE));
      blocks.set(name, { address: end, bytes: size });
      end += size;
      return end - size;
    },
  };
}

function grow(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages);
  } catch (cause) {
    const held = memory.buffer.byteLength / 2 ** 20;
    throw new CovpoolError(
      'unsupported',
      `wasm-kernels: ${
        pages * (PAGE / 1024)
      } KiB more memory are required beside ${held} MiB, got none; use smaller batches`,
      { cause },
    );
  }
}
