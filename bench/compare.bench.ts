// Ours beside PyTorch, plain TensorFlow.js and jax-js, in one run, taking turns on the same inputs:
//   npx -y pnpm@10 bench [--python <a Python with torch and torchvision>] [--jax <a folder with @jax-js/jax>]
//     [--only <part of a case's name>] [--rounds 7]
// Prints a table and writes bench/results/compare.json; `tools/make-performance.ts` makes docs/performance.md of it.
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '@covpool/base/node';
import { resultPath } from './compare/result-path.ts';
import { cases } from './compare/cases.ts';
import { measureCase, type CaseResult } from './compare/measure.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    jax: { type: 'string', default: '.' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '7' },
  },
});

const results: CaseResult[] = [];
for (const [index, { name }] of cases.entries()) {
  if (!name.includes(values.only)) continue;
  const result = await measureCase(index, Number(values.rounds), { python: values.python, jax: resolve(values.jax) });
  results.push(result);
  console.log(`${name}  (load ${result.load})`);
  for (const { side, absent, ms, ratio, peakMegabytes } of result.sides) {
    const goal = result.goals[side];
    const figures =
      absent ??
      [
        `${ms} ms`,
        ratio ? `${ratio[0]}× PyTorch (${ratio[1]}–${ratio[2]})` : '',
        `${peakMegabytes} MB`,
        goal ? `goal ${goal}×` : '',
      ]
        .filter(Boolean)
        .join('  ');
    console.log(`  ${side.padEnd(18)} ${figures}`);
  }
}
const machine = { processor: cpus()[0]!.model, cores: cpus().length, node: process.version };
const kept = earlier().filter(({ name }) => results.every((result) => result.name !== name));
const inOrder = cases.flatMap(({ name }) => [...kept, ...results].filter((result) => result.name === name));
await writeFileAtomic(resultPath('compare'), `${JSON.stringify({ machine, results: inOrder }, null, 2)}\n`);

/** What earlier runs left, of which a run of some cases replaces those. */
function earlier(): CaseResult[] {
  const path = resultPath('compare');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { results: CaseResult[] }).results : [];
}
