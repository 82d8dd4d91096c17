import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSafetensors, writeSafetensors } from '../packages/checkpoints/src/index.ts';

// Takes the weights of a detector's run into models/, with its card and the log of the training; the network is called like its data, which
// must be one of those in data/.
//   node --conditions=@covpool/source --import tsx tools/ship-detector.ts <run folder> [options]
//   --checkpoint last        not the best weights; also of a run that was stopped
//   --before <run folder>    the run that it started from (`train --from`): its card and log go along
//   --test <setting>=<value> how the shipped network predicts, where that differs from the training's card
//   --instance               each picture is normalised by its own statistics, as batches were in training, not by the running averages

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkpoint: { type: 'string', default: 'best' },
    before: { type: 'string' },
    test: { type: 'string', multiple: true, default: [] },
    instance: { type: 'boolean', default: false },
  },
});
const [source] = positionals;
const { checkpoint, before, instance } = values;
if (!source) throw new Error('usage: ship-detector.ts <run folder> [--checkpoint last] [--before <run folder>] …');
if (checkpoint === 'best' && !existsSync(join(source, 'result.json')))
  throw new Error(`ship-detector: ${source} must be a complete run`);
const root = join(import.meta.dirname, '..');

interface Card {
  normalization: string;
  settings: { test?: Record<string, unknown> };
  training: { data: string; from?: string };
}

const readCard = async (folder: string) => JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Card;
const card = await readCard(source);
const name = basename(card.training.data);
if (!existsSync(join(root, 'data', name))) throw new Error(`ship-detector: there is no data/${name}`);
for (const assignment of values.test) {
  const [key, value] = assignment.split('=') as [string, string];
  card.settings.test = { ...card.settings.test, [key]: Number.isNaN(Number(value)) ? value : Number(value) };
}
if (instance) card.normalization = 'instance';

/** Paths of the machine that trained become those of the commands in models/README.md. */
function portable({ training, ...rest }: Card): string {
  const place = training.from?.split('/').slice(-2).join('/');
  const from = place === undefined ? {} : { from: `runs/${name}-1/${place}` };
  return `${JSON.stringify({ ...rest, training: { ...training, data: `data/${name}`, ...from } }, null, 2)}\n`;
}

const to = join(root, 'models', name);
await rm(to, { recursive: true, force: true });
await mkdir(join(to, 'before'), { recursive: true });
const weights = await readFile(join(source, checkpoint, 'model.safetensors'));
if (instance) {
  const { tensors } = readSafetensors(weights);
  const kept = new Map([...tensors].filter(([tensor]) => !tensor.includes('running_')));
  await writeFile(join(to, 'model.safetensors'), writeSafetensors(kept));
} else {
  await writeFile(join(to, 'model.safetensors'), weights);
}
await writeFile(join(to, 'config.json'), portable(card));
// Its validation was with the running averages: no log of the network as it ships.
await copyFile(join(source, 'metrics.jsonl'), join(to, instance ? 'before' : '.', 'metrics.jsonl'));
if (before) {
  await copyFile(join(before, 'metrics.jsonl'), join(to, 'before', 'metrics.jsonl'));
  await writeFile(join(to, 'before', 'config.json'), portable(await readCard(before)));
}
