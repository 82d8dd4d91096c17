import { readFile, writeFile } from 'node:fs/promises';
import { useEngine } from '@covpool/engines';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { learningFields, maybeNamed, named, runningFields } from './config-fields.ts';
import { checkUnfinished, readRunFile, writeRunFile } from './run-files.ts';
import { countParameters, median, quickest } from './run-summary.ts';
import { trainOnThreads } from './train-on-threads.ts';

const at = temporaryFolder();
beforeAll(async () => {
  await useEngine('cpu');
});

describe('config fields', () => {
  it('have defaults, and say what is wrong', () => {
    const schema = z.strictObject({ ...learningFields, ...runningFields });
    const given = { batch: 4, schedule: 'step' };
    expect(schema.parse(given)).toEqual({
      ...given,
      schedule: { name: 'step' },
      shards: 2,
      momentum: 0.9,
      weightDecay: 1e-4,
      seed: 0,
    });
    const why = (value: object) => schema.safeParse({ ...given, ...value }).error!.issues[0]!.message;
    expect(why({ batch: 1.5 })).toBe('must be a whole number from 1');
    expect(why({ seed: -1 })).toBe('must be at least 0');
    expect(why({ momentum: 2 })).toBe('must be at most 1');
    expect(why({ schedule: 3 })).toBe('must be a name, or name and options');
  });

  it('take a name for the thing it names', () => {
    expect(named.parse('isqrt')).toEqual({ name: 'isqrt' });
    expect(named.safeParse({ dim: 8 }).success).toBe(false);
    expect(maybeNamed.parse({ dim: 8 })).toEqual({ dim: 8 });
  });
});

describe('run files', () => {
  it('are read as they were written, are nothing where there is none, and are refused if damaged', async () => {
    expect(await readRunFile(at(), 'failure.json')).toBeUndefined();
    await writeRunFile(at(), 'failure.json', { name: 'gap' });
    expect(await readRunFile(at(), 'failure.json')).toEqual({ name: 'gap' });
    expect(await readFile(at('failure.json'), 'utf8')).toBe('{\n  "name": "gap"\n}\n');
    await writeFile(at('failure.json'), '{"na');
    await expect(readRunFile(at(), 'failure.json')).rejects.toMatchObject({
      code: 'bad-input',
      message: `run: ${at('failure.json')} must be JSON; remove it and resume the run`,
    });
  });

  it('make a run with a result one that cannot be resumed', async () => {
    await checkUnfinished(at());
    await writeRunFile(at(), 'result.json', {});
    await expect(checkUnfinished(at())).rejects.toMatchObject({
      code: 'bad-argument',
      message: `train: ${at()} is complete; there is nothing to resume`,
    });
  });
});

describe('run summary', () => {
  it('counts what is trained', () => {
    const model = sequential({
      layers: [layers.dense({ units: 3, inputShape: [4] }), layers.dense({ units: 2, trainable: false })],
    });
    expect(countParameters(model)).toBe(15);
  });

  it('takes the time of the quickest epoch', () => {
    expect(quickest([{ msPerStep: 181 }, { msPerStep: 78 }, { msPerStep: 129 }])).toBe(78);
    expect(quickest([])).toBeNaN();
  });

  it('takes medians', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(3);
    expect(median([])).toBeNaN();
  });
});

describe('trainOnThreads', () => {
  const module = new URL('absent.ts', import.meta.url);

  it('trains alone on one thread, on the engine that is named', async () => {
    const seen: unknown[] = [];
    await trainOnThreads(
      { engine: 'cpu', threads: 1, shards: 2 },
      {
        module,
        resume: '--resume',
        planAt: (place) => ({ jobs: 3, ...place }),
        train: async (plan, { rank, size }) => seen.push(plan, rank, size) > 0,
      },
    );
    expect(seen).toEqual([{ jobs: 3, engine: 'cpu', threads: 1 }, 0, 1]);
  });

  it('says that it was stopped, and refuses more threads than shards', async () => {
    const how = { resume: '--resume', module, planAt: (place: object) => place, train: async () => false };
    await expect(trainOnThreads({ engine: 'cpu', threads: 1, shards: 1 }, how)).rejects.toMatchObject({
      code: 'interrupted',
      message: 'stopped; the last checkpoint is saved, --resume goes on',
    });
    await expect(
      trainOnThreads({ engine: 'cpu', threads: 1, shards: 1 }, { ...how, resume: '--resume runs/it' }),
    ).rejects.toThrow('saved, --resume runs/it goes on');
    await expect(trainOnThreads({ engine: 'cpu', threads: 3, shards: 2 }, how)).rejects.toThrow(
      'train: every thread needs a shard, got 3 threads for 2 shards',
    );
  });
});
