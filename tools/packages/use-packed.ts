import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sourceEntries } from '../workspace.ts';
import type { PackedPackage } from './pack.ts';
import { typeCheckPacked } from './type-check-packed.ts';

const execute = promisify(execFile);

/** Imports, requires and type-checks every entry in the folder that the packages are installed in; lines of complaint. */
export async function usePacked(consumer: string, packed: PackedPackage[]): Promise<string[]> {
  const specifiers = packed.flatMap(({ owner }) =>
    [...sourceEntries(owner).keys()].map((entry) => owner.manifest.name + entry.slice(1)),
  );
  const problems: string[] = [];
  for (const script of ['consumer-import.mjs', 'consumer-require.cjs']) {
    await copyFile(fileURLToPath(new URL(script, import.meta.url)), join(consumer, script));
    // The condition that leads to the sources must not reach the consumer from the environment.
    const env = { ...process.env, NODE_OPTIONS: '' };
    await execute('node', [script, ...specifiers], { cwd: consumer, env }).catch((error: { stderr: string }) => {
      problems.push(error.stderr);
    });
  }
  return [...problems, ...(await typeCheckPacked(consumer, specifiers))];
}
