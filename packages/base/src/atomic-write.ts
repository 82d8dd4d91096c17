import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CovpoolError } from './error.ts';

/**
 * Writes a file so that its name holds either the old content or the whole new one, never a part: the bytes go to a
 * neighbour, are flushed to the disk, and the neighbour takes the name. On failure the neighbour is removed.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      const whole = typeof content === 'string' || content instanceof Uint8Array;
      for (const chunk of whole ? [content] : content) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new CovpoolError('io', `write: cannot write ${path} (${describe(cause)}); what was there is unchanged`, {
      cause,
    });
  }
}

function describe(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ENOENT') return 'its folder does not exist';
  return code ?? String(cause);
}
