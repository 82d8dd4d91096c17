import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintPacked } from './packages/lint-packed.ts';
import { installPacked } from './packages/pack.ts';
import { usePacked } from './packages/use-packed.ts';
import { readWorkspace, repositoryRoot } from './workspace.ts';

// The built packages as their users get them: packed, linted, installed outside the repository, imported and required.
const workspace = readWorkspace(repositoryRoot);
const consumer = await realpath(await mkdtemp(join(tmpdir(), 'covpool-consumer-')));
try {
  const packed = await installPacked(workspace, consumer);
  const problems = [...(await lintPacked(packed)), ...(await usePacked(consumer, packed))];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${packed.length} packages install, import, require and type-check`);
} finally {
  await rm(consumer, { recursive: true, force: true });
}
