import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

// Takes the networks of a comparison into models/: `classify compare --out <folder>`, then this with <folder>.

const [source] = process.argv.slice(2);
if (!source) throw new Error('usage: ship-models.ts <folder of a comparison>');
const root = join(import.meta.dirname, '..');

interface Card {
  training: { data: string; seed: number };
}

for (const head of ['gap', 'isqrt', 'dropcov']) {
  const [from, to] = [join(source, head), join(root, 'models', head)];
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const card = JSON.parse(await readFile(join(from, 'config.json'), 'utf8')) as Card;
  card.training.data = relative(root, card.training.data);
  await writeFile(join(to, 'config.json'), `${JSON.stringify(card, null, 2)}\n`);
  for (const [name, path] of [
    ['model.safetensors', join(from, 'last', 'model.safetensors')],
    ['metrics.jsonl', join(from, 'metrics.jsonl')],
  ] as const) {
    await writeFile(join(to, name), await readFile(path));
  }
}
