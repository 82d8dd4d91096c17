import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './workspace.ts';

/** A generated text as prettier would leave it under this path. */
export function formatted(path: string, text: string): string {
  const prettier = join(repositoryRoot, 'node_modules/.bin/prettier');
  return execFileSync(prettier, ['--stdin-filepath', path], { input: text, encoding: 'utf8', cwd: repositoryRoot });
}
