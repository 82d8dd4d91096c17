import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@covpool/testing/node';
import { expect, it } from 'vitest';
import { classify, smallData } from './classify.fixture.ts';

const at = temporaryFolder();

it('a small DeiT learns what the shipped pictures show, and evaluates the same from disk', async () => {
  const data = await smallData(at('data'), ['glass', 'paper'], 16);
  const run = at('run');
  const network = ['--backbone', 'deit-mini', '--pool', 'gap', '--engine', 'wasm', '--threads', '1'];
  const steps = ['--epochs', '6', '--batch', '8', '--lr', '0.02', '--augment', 'none', '--flips', 'none'];
  expect(await classify('train', '--data', data, '--out', run, ...network, ...steps)).toMatchObject({
    code: 0,
    error: '',
  });
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const losses = lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
  expect(losses).toHaveLength(6);
  // From that of guessing between two, ln 2 = 0.693.
  expect(losses.at(-1)!).toBeLessThan(0.97 * losses[0]!);
  const evaluated = JSON.parse((await classify('eval', '--run', run, '--json')).out) as { loss: number };
  const result = JSON.parse(await readFile(join(run, 'result.json'), 'utf8')) as { last: { loss: number } };
  expect(evaluated.loss).toBeCloseTo(result.last.loss, 6);
}, 120_000);
