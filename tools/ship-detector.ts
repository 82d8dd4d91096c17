import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

// Takes the best weights of a detector's run into models/: `detect train --out <run folder>` or `segment train`, then this with the run
// folder. The network is called like its data, which must be one of those in data/.

const [source] = process.argv.slice(2);
if (!source) throw new Error('usage: ship-detector.ts <run folder>');
if (!existsSync(join(source, 'result.json'))) throw new Error(`ship-detector: ${source} must be a complete run`);
const root = join(import.meta.dirname, '..');

interface Card {
  training: { data: string };
}

const card = JSON.parse(await readFile(join(source, 'config.json'), 'utf8')) as Card;
const name = basename(card.training.data);
card.training.data = `data/${name}`;
if (!existsSync(join(root, card.training.data))) throw new Error(`ship-detector: there is no data/${name}`);
const to = join(root, 'models', name);
await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
await writeFile(join(to, 'config.json'), `${JSON.stringify(card, null, 2)}\n`);
for (const [file, path] of [
  ['model.safetensors', join(source, 'best', 'model.safetensors')],
  ['metrics.jsonl', join(source, 'metrics.jsonl')],
  ['result.json', join(source, 'result.json')],
] as const) {
  await writeFile(join(to, file), await readFile(path));
}
