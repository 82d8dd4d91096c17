import { CovpoolError } from '@covpool/base';
import asc from 'assemblyscript/asc';
import type { BinaryKind } from '../binary-kind.ts';
import { assemblySources, compilerFlags } from './sources.ts';

/** Compiles the AssemblyScript sources (a few seconds). */
export async function compileKernels(kind: BinaryKind): Promise<Uint8Array> {
  const sources = await assemblySources(kind);
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'out.wasm', ...compilerFlags(kind)], {
    readFile: (name) => sources.get(name) ?? null,
    listFiles: () => [],
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error || !binary) {
    throw new CovpoolError('unsupported', `wasm-kernels: the kernels must compile, got ${stderr.toString()}`, {
      cause: error,
    });
  }
  return binary;
}
