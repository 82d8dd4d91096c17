import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatted } from './formatted.ts';
import { methodKinds } from './features/methods.ts';
import { featurePage } from './features/page.ts';
import { repositoryRoot } from './workspace.ts';

// Writes docs/features.md from the registries; with --check, fails if it is not what they say.

const path = join(repositoryRoot, 'docs/features.md');
const page = formatted(path, featurePage(methodKinds(), repositoryRoot));
if (!process.argv.includes('--check')) {
  writeFileSync(path, page);
} else if (readFileSync(path, 'utf8') === page) {
  console.log('docs/features.md is what the registries say');
} else {
  console.error(
    'features: docs/features.md must be what the registries say, got another text; run: npx -y pnpm@10 features',
  );
  process.exitCode = 1;
}
