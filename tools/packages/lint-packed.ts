import { readFile } from 'node:fs/promises';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { PackedPackage } from './pack.ts';

/** What publint has against the packages, warnings included, as lines. */
export async function lintPacked(packed: PackedPackage[]): Promise<string[]> {
  const lines = await Promise.all(
    packed.map(async ({ owner, tarball }) => {
      const bytes = await readFile(tarball);
      const { messages, pkg } = await publint({
        pack: { tarball: new Uint8Array(bytes).buffer },
        level: 'warning',
        strict: true,
      });
      return messages.map((message) => `${owner.folder}: ${formatMessage(message, pkg, { color: false })}`);
    }),
  );
  return lines.flat();
}
