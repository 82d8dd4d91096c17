import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromSource, runCommand } from './run-command.ts';
import type { Step } from './step.ts';
import { repositoryRoot } from '../workspace.ts';

const MAIN = 'apps/classify/src/main.ts';

/** What a newcomer runs first, shortened, in a folder that is thrown away; it must leave a report behind. */
export const mainJob: Step = {
  name: 'main job',
  async run() {
    const source = await readFile(join(repositoryRoot, MAIN), 'utf8');
    if (source.trim() === 'export {};') return { exitCode: 0, skipped: `${MAIN} is not written yet` };
    const folder = await mkdtemp(join(tmpdir(), 'covpool-main-job-'));
    try {
      console.log('$ pnpm classify --quick');
      const exitCode = await runCommand([...fromSource, MAIN, '--quick', '--out', join(folder, 'run')]);
      if (exitCode !== 0) return { exitCode };
      const written = await readdir(folder, { recursive: true });
      if (written.some((path) => path.endsWith('report.html'))) return { exitCode };
      console.error(`main job: a report.html is required, got ${written.join(', ') || 'nothing'} in the run folder`);
      return { exitCode: 1 };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
