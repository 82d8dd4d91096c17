import { mainJob } from './check/main-job.ts';
import { fromSource } from './check/run-command.ts';
import { commandStep, runSteps } from './check/step.ts';
import { unitTests } from './check/unit-tests.ts';

// Everything that must hold before a change goes in, quick steps first; continuous integration runs the same.
process.exitCode = await runSteps([
  commandStep('lint', ['oxlint', '--deny-warnings']),
  commandStep('imports', [...fromSource, 'tools/check-imports.ts']),
  commandStep('install size', [...fromSource, 'tools/check-install-size.ts']),
  commandStep('format', ['prettier', '--check', '--loglevel', 'warn', '.']),
  commandStep('types', ['tsc', '--noEmit']),
  unitTests,
  mainJob,
  commandStep('build', ['turbo', 'run', 'build', '--concurrency=2', '--output-logs=errors-only']),
  commandStep('packages', [...fromSource, 'tools/check-packages.ts']),
]);
