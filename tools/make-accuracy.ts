import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useEngine } from 'covpool';
import { engineTable } from './accuracy/engine-table.ts';
import { featureKinds } from './accuracy/features.ts';
import { accuracyPage } from './accuracy/page.ts';
import { precisionTable } from './accuracy/precision-table.ts';
import { formatted } from './formatted.ts';
import { repositoryRoot } from './workspace.ts';

// Measures every function against float64 on the engines of COVPOOL_ENGINES (cpu and wasm by default): docs/accuracy.md.

const engines = (process.env.COVPOOL_ENGINES ?? 'cpu,wasm').split(',');
const kinds = featureKinds();
const tables = [];
for (const engine of engines) {
  const { name, version } = await useEngine(engine);
  console.error(`${name} ${version}`);
  tables.push({ engine: `${name} ${version}`, rows: await engineTable(kinds) });
}
const path = join(repositoryRoot, 'docs/accuracy.md');
writeFileSync(path, formatted(path, accuracyPage(kinds, tables, await precisionTable())));
