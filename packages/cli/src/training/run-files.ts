import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';

/** `result.json`: what came out of a training that is complete. `failure.json`: why it has no result and would have none again. */
type RunFile = 'result.json' | 'failure.json';

/** Writes what a run came to beside its checkpoints. */
export async function writeRunFile(folder: string, file: RunFile, content: object): Promise<void> {
  await writeFileAtomic(join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
}

/** What a run came to; nothing if it did not come to that. @throws bad-input if the file is damaged */
export async function readRunFile<T>(folder: string, file: RunFile): Promise<T | undefined> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new CovpoolError('bad-input', `run: ${path} must be JSON; remove it and resume the run`, { cause });
  }
}

/** Refuses to resume a run that has a result. */
export async function checkUnfinished(folder: string): Promise<void> {
  if ((await readRunFile(folder, 'result.json')) === undefined) return;
  throw new CovpoolError('bad-argument', `train: ${folder} is complete; there is nothing to resume`);
}
