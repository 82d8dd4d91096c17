import { mainJob } from './check/main-job.ts';
import { fromSource } from './check/run-command.ts';
import { commandStep, runSteps } from './check/step.ts';
import { unitTests } from './check/unit-tests.ts';

if (!process.env.npm_config_user_agent?.startsWith('pnpm')) {
  console.error('check: pnpm is required for building and packing, got none; run: npx -y pnpm@10 test');
  process.exit(2);
}

// Everything that must hold before a change goes in, quick steps first; continuous integration runs the same.
process.exitCode = await runSteps([
  commandStep('lint', ['oxlint', '--deny-warnings']),
  commandStep('imports', [...fromSource, 'tools/check-imports.ts']),
  commandStep('install size', [...fromSource, 'tools/check-install-size.ts']),
  commandStep('format', ['prettier', '--check', '--loglevel', 'warn', '.']),
  commandStep('types', ['tsc', '--noEmit']),
  commandStep('features', [...fromSource, 'tools/make-features.ts', '--check']),
  // Says what nothing uses; it does not fail while packages are still being filled.
  commandStep('unused', ['knip', '--no-progress', '--no-exit-code']),
  unitTests,
  mainJob,
  commandStep('build', ['turbo', 'run', 'build', '--concurrency=2', '--output-logs=errors-only']),
  commandStep('packages', [...fromSource, 'tools/check-packages.ts']),
]);
