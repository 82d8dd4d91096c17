import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { classify, smallData, tiny } from './classify.fixture.ts';
import { completeConfig } from './complete-config.ts';
import { trainConfigSchema } from './config.ts';
import { startTraining } from './start-training.ts';

const at = temporaryFolder();
let data: string;
beforeAll(async () => {
  data = await smallData(at('data'));
});

const weights = (run: string) => readFile(join(run, 'last', 'model.safetensors'));
const card = async (...path: string[]) => JSON.parse(await readFile(at(...path, 'config.json'), 'utf8'));
const options = ['--pool', 'isqrt', '--dim', '8', '--schedule', 'step', '--set', 'schedule.milestones=[1]'];

const train = (out: string, ...more: string[]) =>
  classify('train', '--data', data, ...tiny, ...options, '--out', at(out), ...more);

describe('train --hybrid', () => {
  it('goes on with the accurate root when the rate has dropped last, and says so beside the weights', async () => {
    expect(await train('hybrid', '--hybrid', 'svd-pade')).toMatchObject({ code: 0, error: '' });
    const pade = { name: 'svd-pade', dim: 8 };
    const run = await card('hybrid');
    expect(run).toMatchObject({ pool: { name: 'isqrt' }, training: { hybrid: { pool: pade, epoch: 1 } } });
    expect((await card('hybrid', 'last')).pool).toEqual(pade);
    const { name, best, last } = JSON.parse(await readFile(at('hybrid', 'result.json'), 'utf8'));
    expect(name).toBe('isqrt+svd-pade');
    expect((await card('hybrid', 'best')).pool.name).toBe(best.epoch === 1 ? 'isqrt' : 'svd-pade');

    const evaluated = JSON.parse((await classify('eval', '--run', at('hybrid'), '--json')).out);
    expect(evaluated.loss).toBe(last.loss);
    const same = JSON.parse((await classify('eval', '--run', at('hybrid', 'last'), '--json')).out);
    expect(same.loss).toBe(last.loss);
  });

  it('is iSQRT-COV until then, and the other from there on', async () => {
    await train('plain');
    await train('again', '--hybrid', 'isqrt');
    expect((await weights(at('again'))).equals(await weights(at('plain')))).toBe(true);
    expect((await weights(at('hybrid'))).equals(await weights(at('plain')))).toBe(false);
    const first = async (run: string) => JSON.parse((await readFile(at(run, 'metrics.jsonl'), 'utf8')).split('\n')[0]!);
    expect((await first('hybrid')).loss).toBe((await first('plain')).loss);
  });

  it('gives the same numbers on two threads', async () => {
    await train('two', '--hybrid', 'svd-pade', ...['--set', 'threads=2']);
    expect((await weights(at('two'))).equals(await weights(at('hybrid')))).toBe(true);
  });

  it.each([
    ['at the switch', { epoch: 1, step: 3 }],
    ['after it', { epoch: 2, step: 1 }],
  ])('goes on after an interruption %s as if there had been none', async (name, stop) => {
    const pool = { name: 'isqrt', dim: 8 };
    const schedule = { name: 'step', milestones: [1] };
    const choices = { data, size: 16, epochs: 2, batch: 4, threads: 1, pool, schedule, hybrid: { pool: 'svd-pade' } };
    const config = completeConfig(trainConfigSchema.parse(choices));
    const controller = new AbortController();
    const run = at(name);
    const stopped = startTraining([{ name: 'x', config, folder: run, resume: false }], {
      signal: controller.signal,
      onStep: (_, { epoch, step }) => void (epoch === stop.epoch && step === stop.step && controller.abort()),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect((await card(name, 'last')).pool.name).toBe(stop.epoch === 1 ? 'isqrt' : 'svd-pade');
    expect(await classify('train', '--resume', run)).toMatchObject({ code: 0, error: '' });
    expect((await weights(run)).equals(await weights(at('hybrid')))).toBe(true);
  });

  it('refuses in one line what cannot take over, and leaves no run folder behind', async () => {
    const refuses = async (message: RegExp, ...more: string[]) => {
      const { code, error } = await train('refused', ...more);
      expect(error).toMatch(message);
      expect(error.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
    };
    await refuses(/unknown pooling 'svd-pad'; known: .*svd-pade/, '--hybrid', 'svd-pad');
    await refuses(/hybrid: both networks must have the same weights, got .*fc\.weight/, '--hybrid', 'gap');
    await refuses(/hybrid\.epoch must be below the 2 epochs, got 2/, '--hybrid', 'svd-pade', '--hybrid-epoch', '2');
    await refuses(/hybrid\.pool: must be a name, or name and options, got nothing/, '--hybrid-epoch', '1');
    await refuses(/got one without drops; name the epoch/, '--hybrid', 'svd-pade', '--set', 'schedule=linear');
    await expect(stat(at('refused'))).rejects.toThrow('ENOENT');
  });
});
