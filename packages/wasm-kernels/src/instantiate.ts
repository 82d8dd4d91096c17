import type { KernelModule } from './kernel-module.ts';

// The last bytes of `(import "env" "memory" (memory 0 65536))`: the name, then kind 2, then the limits' flag 1 (has a maximum).
const IMPORT = [6, ...new TextEncoder().encode('memory'), 2, 1];

/** Compiles a binary for memory that is shared or not. */
export function compileFor(binary: Uint8Array, shared: boolean): WebAssembly.Module {
  const bytes = new Uint8Array(binary);
  if (shared) bytes[limitsFlag(bytes)] = 3;
  return new WebAssembly.Module(bytes);
}

/** Instances of a binary on a memory, shared or not: the import says which, in one bit, and must agree with it. */
export function instantiator(binary: Uint8Array): (memory: WebAssembly.Memory) => KernelModule {
  const modules = new Map<boolean, WebAssembly.Module>();
  return (memory) => {
    const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
    let module = modules.get(shared);
    if (!module) modules.set(shared, (module = compileFor(binary, shared)));
    return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelModule;
  };
}

function limitsFlag(bytes: Uint8Array): number {
  for (let at = 8; at < bytes.length; ++at) {
    if (IMPORT.every((byte, index) => bytes[at + index] === byte)) return at + IMPORT.length - 1;
  }
  throw new RangeError('wasm-kernels: the binary imports no memory with a maximum');
}
