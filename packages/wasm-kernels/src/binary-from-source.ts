import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '@covpool/base/node';
import type { BinaryKind } from './binary-kind.ts';
import { assemblySources, compilerFlags } from './compile/sources.ts';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/covpool-wasm/', import.meta.url));

/** Compiles the kernels on first use and keeps the result under a name made of everything that it depends on. */
export async function loadBinary(kind: BinaryKind): Promise<Uint8Array> {
  const { version } = createRequire(import.meta.url)('assemblyscript/package.json') as { version: string };
  const key = JSON.stringify([version, compilerFlags(kind), ...(await assemblySources(kind))]);
  const path = join(CACHE, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.wasm`);
  try {
    return await readFile(path);
  } catch {
    const { compileKernels } = await import('./compile/compile.ts');
    const binary = await compileKernels(kind);
    await mkdir(CACHE, { recursive: true });
    await writeFileAtomic(path, binary);
    return binary;
  }
}
