import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import type { Step } from './step.ts';

/** The engines that install everywhere; `COVPOOL_ENGINES` overrides them. */
const DEFAULT_ENGINES = 'cpu,wasm';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
}

/** Every test of the workspace, each numeric suite on each engine. */
export const unitTests: Step = {
  name: 'unit tests',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'covpool-tests-'));
    const engines = process.env.COVPOOL_ENGINES ?? DEFAULT_ENGINES;
    const command = ['vitest', 'run', '--reporter=default', '--reporter=json'];
    console.log(`$ COVPOOL_ENGINES=${engines} vitest run`);
    try {
      const file = join(folder, 'report.json');
      const exitCode = await runCommand([...command, `--outputFile.json=${file}`], { COVPOOL_ENGINES: engines });
      const report = await readFile(file, 'utf8').then(
        (text) => JSON.parse(text) as Report,
        () => undefined,
      );
      if (!report) return { exitCode: exitCode || 1 };
      return { exitCode, tests: { passed: report.numPassedTests, failed: report.numFailedTests } };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
