import { hasRelaxedSimd } from '@covpool/wasm-kernels';

interface NodeProcess {
  versions?: { node?: string };
  getBuiltinModule?: (name: string) => unknown;
}

const nodeProcess = (globalThis as { process?: NodeProcess }).process;

export const isNode = typeof nodeProcess?.versions?.node === 'string';

/** A module of Node itself, without an import that a bundler for browsers would trip over. */
export function nodeBuiltin<T>(name: string): T | undefined {
  return nodeProcess?.getBuiltinModule?.(name) as T | undefined;
}

/** Relaxed SIMD is on by default since V8 11.4, and behind this flag in Node 20; later releases know no such flag. */
export function allowRelaxedSimd(): void {
  if (hasRelaxedSimd()) return;
  nodeBuiltin<typeof import('node:v8')>('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/** A package that may not be installed; the name is hidden from bundlers. */
export async function optionalImport<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as T;
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    if (cause instanceof TypeError && !isNode) return undefined; // a browser's words for "no such module"
    throw cause;
  }
}

/** One line of whatever was thrown. */
export function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n')[0] ?? text;
}
