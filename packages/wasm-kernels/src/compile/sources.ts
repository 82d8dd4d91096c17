import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BinaryKind } from '../binary-kind.ts';
import { microKernelSource } from './micro-kernel.ts';

const FOLDER = fileURLToPath(new URL('../assembly/', import.meta.url));

// The memory is the backend's: nothing may be placed in it, and its declared maximum lets both the plain and, with one
// bit changed at load time, the shared memory of the threaded backend be imported.
const FLAGS = [
  '-O3',
  '--runtime',
  'stub',
  '--noAssert',
  '--importMemory',
  '--noExportMemory',
  '--maximumMemory',
  '65536',
];

/** All AssemblyScript sources of a kind by name, the generated micro-kernels among them. */
export async function assemblySources(kind: BinaryKind): Promise<Map<string, string>> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(FOLDER, name), 'utf8')));
  const sources = new Map(names.map((name, index) => [name, texts[index]!]));
  return sources.set('micro-kernel.ts', microKernelSource(kind === 'relaxed'));
}

/** The compiler's arguments for a kind. */
export function compilerFlags(kind: BinaryKind): string[] {
  return [...FLAGS, '--enable', 'simd', ...(kind === 'relaxed' ? ['--enable', 'relaxed-simd'] : [])];
}
