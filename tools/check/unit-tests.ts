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

/** Tests of the workspace, each numeric suite on each of the engines. */
export function testsOn(name: string, engines: string, files: string[] = [], environment = {}): Step {
  return {
    name,
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'covpool-tests-'));
      const command = ['vitest', 'run', '--reporter=default', '--reporter=json', ...files];
      console.log(`$ COVPOOL_ENGINES=${engines} vitest run ${files.join(' ')}`.trimEnd());
      try {
        const file = join(folder, 'report.json');
        const variables = { ...environment, COVPOOL_ENGINES: engines };
        const exitCode = await runCommand([...command, `--outputFile.json=${file}`], variables);
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
}

/** Every test of the workspace. */
export const unitTests = testsOn('unit tests', process.env.COVPOOL_ENGINES ?? DEFAULT_ENGINES);
