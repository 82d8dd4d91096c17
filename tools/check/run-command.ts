import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../workspace.ts';

/** Runs a TypeScript file of the workspace from its source. */
export const fromSource = ['node', '--conditions=@covpool/source', '--import', 'tsx'];

/** What a child that a signal ended counts as, by the shells' convention. */
const SIGNALLED = 130;

/** Runs a command at the root with its output shown as it comes; gives the exit code. */
export function runCommand(
  [command = '', ...args]: string[],
  environment: Record<string, string> = {},
): Promise<number> {
  const path = [join(repositoryRoot, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: repositoryRoot,
      stdio: 'inherit',
      env: { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1', ...environment },
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? SIGNALLED));
  });
}
