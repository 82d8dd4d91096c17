import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadWeights } from '@covpool/checkpoints/node';
import { evaluateCoco } from '@covpool/metrics';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainConfigSchema } from './config.ts';
import { run, tiny } from './objects.fixture.ts';
import { startTraining } from './start-training.ts';
import { tasks } from './task.ts';

/** Trainings take seconds alone, and longer beside other tests. */
const SLOW = 240_000;

const at = temporaryFolder();

const weights = (name: string) => readFile(at(name, 'last', 'model.safetensors'));
const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

describe.each(['detect', 'segment'] as const)('%s', (name) => {
  const task = tasks[name];

  it('goes all the way from pictures to drawings', { timeout: SLOW }, async () => {
    const trained = await run(name, 'train', ...tiny, '--out', at(name));
    expect(trained).toMatchObject({ code: 0, error: '' });
    expect(trained.out.split('\n').filter((line) => line.includes('val AP'))).toHaveLength(1);
    expect(await readdir(at(name))).toEqual(
      expect.arrayContaining(['best', 'config.json', 'last', 'metrics.jsonl', 'report.html', 'result.json']),
    );

    const options = ['--run', at(name), '--limit', '3', '--pictures', '2', '--out', at(`${name}-eval`)];
    const evaluated = await run(name, 'eval', ...options, '--score', '0.01', '--json');
    expect(evaluated).toMatchObject({ code: 0 });
    const scores = JSON.parse(evaluated.out);
    expect(scores.pictures).toBe(3);
    expect(Object.hasOwn(scores, 'mask')).toBe(task.masks);
    const results = await json(scores.results);
    expect(results.length).toBeGreaterThan(0);
    for (const result of results) expect(Object.hasOwn(result, 'segmentation')).toBe(task.masks);
    const truth = await json(join(task.data, 'annotations', 'instances_val.json'));
    const images = truth.images.slice(0, 3);
    const ids = images.map(({ id }: { id: number }) => id);
    const annotations = truth.annotations.filter(({ image_id }: { image_id: number }) => ids.includes(image_id));
    expect(evaluateCoco({ ...truth, images, annotations }, results).stats).toEqual(scores.box);
    expect(await readdir(at(`${name}-eval`, 'pictures'))).toHaveLength(2);
    const report = await readFile(scores.report, 'utf8');
    expect(report).not.toMatch(/(src|href)="(?!data:)/);
    expect(report).toContain('Precision over recall');

    const pictures = join(task.data, 'images', 'val');
    const [first] = (await readdir(pictures)).sort();
    await cp(join(pictures, first!), at(`${name}-in`, first!), { recursive: true });
    await writeFile(at(`${name}-in`, 'torn.png'), 'not a picture');
    const model = at(name, 'best');
    const predicted = await run(
      name,
      'predict',
      at(`${name}-in`),
      '--run',
      model,
      '--out',
      at(`${name}-found`),
      '--json',
    );
    expect(predicted).toMatchObject({ code: 2, error: expect.stringMatching(/1 of 2 that are not/) });
    expect(JSON.parse(predicted.out).pictures).toEqual([
      expect.objectContaining({ id: 1, counts: expect.any(Object) }),
      expect.objectContaining({ id: 2, error: expect.stringContaining('torn.png') }),
    ]);
    const files = await readdir(at(`${name}-found`));
    expect(files.sort()).toEqual([first!.replace(/\.\w+$/, '.png'), 'detections.json'].sort());
    expect((await json(at(`${name}-found`, 'detections.json')))[0]).toMatchObject({
      image_id: 1,
      bbox: expect.any(Array),
    });
  });
});

describe('a training', () => {
  beforeAll(async () => {
    await run('detect', 'train', ...tiny, '--out', at('whole'));
  }, SLOW);

  const lines = async (name: string) =>
    (await readFile(at(name, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ epoch, loss, terms, validation }) => ({ epoch, loss, terms, validation }));

  it(
    'gives the same weights on two threads',
    async () => {
      const options = tiny.map((option, i) => (tiny[i - 1] === '--threads' ? '2' : option));
      expect(await run('detect', 'train', ...options, '--out', at('two'))).toMatchObject({ code: 0 });
      expect((await weights('two')).equals(await weights('whole'))).toBe(true);
      expect(await lines('two')).toEqual(await lines('whole'));
    },
    SLOW,
  );

  it(
    'goes on after an interruption as if there had been none',
    async () => {
      const { training } = await json(at('whole', 'config.json'));
      const config = trainConfigSchema(tasks.detect).parse(training);
      const controller = new AbortController();
      const stopped = startTraining(
        { task: tasks.detect, config, folder: at('stopped'), resume: false },
        {
          signal: controller.signal,
          onStep: ({ epoch, step }) => void (epoch === 2 && step === 1 && controller.abort()),
        },
      );
      const message = `stopped; the last checkpoint is saved, --resume ${at('stopped')} goes on`;
      await expect(stopped).rejects.toMatchObject({ code: 'interrupted', message });
      expect((await weights('stopped')).equals(await weights('whole'))).toBe(false);
      expect(await run('detect', 'train', '--resume', at('stopped'))).toMatchObject({ code: 0, error: '' });
      expect((await weights('stopped')).equals(await weights('whole'))).toBe(true);
      expect(await lines('stopped')).toEqual(await lines('whole'));
      expect(await run('detect', 'train', '--resume', at('whole'))).toMatchObject({ code: 2 });
    },
    SLOW,
  );

  it(
    'starts from the weights of another detector, in other sizes and colours',
    async () => {
      const from = at('whole', 'best', 'model.safetensors');
      const changes = ['--lr', '0', '--scales', '0.8,1.25', '--jitter', '0.2', '--normalization', 'instance'];
      const again = await run('detect', 'train', ...tiny, ...changes, '--from', from, '--out', at('again'));
      expect(again).toMatchObject({ code: 0, error: '' });
      const [before, after] = await Promise.all([from, at('again', 'best', 'model.safetensors')].map(loadWeights));
      const learnt = [...before!.tensors].filter(([name]) => !name.includes('running_'));
      for (const [name, { data }] of learnt) expect(after!.tensors.get(name)!.data).toEqual(data);
      expect((await json(at('again', 'config.json'))).training).toMatchObject({ scales: [0.8, 1.25], jitter: 0.2 });
    },
    SLOW,
  );

  it('keeps its memory flat over an epoch', async () => {
    const [first, second] = (await readFile(at('whole', 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(second.tensors).toBe(first.tensors);
  });
});

describe('bad input', () => {
  const refuses = async (argv: string[], message: RegExp) => {
    const result = await run('detect', ...argv);
    expect(result.error).toMatch(message);
    expect(result.error.trim().split('\n')).toHaveLength(1);
    expect(result.code).toBe(2);
  };

  it('is refused in one line, and leaves no run folder behind', async () => {
    const out = ['--out', at('refused')];
    await refuses(
      ['train', '--data', at('nowhere'), '--engine', 'wasm', ...out],
      /instances_train\.json is required, got .*nowhere/,
    );
    await refuses(
      ['train', '--detector', 'yolo', '--engine', 'wasm', ...out],
      /unknown detector 'yolo'; known: faster-rcnn/,
    );
    await refuses(['train', '--backbone', 'resnet9', '--engine', 'wasm', ...out], /unknown backbone 'resnet9'/);
    await refuses(
      ['train', '--set', 'settings.boxes.size2=3', '--engine', 'wasm', ...out],
      /unknown setting of boxes 'size2'/,
    );
    await refuses(['train', '--scales', '0.5', ...out], /scales: must be two positive numbers, as in 0\.8,1\.25/);
    await refuses(['train', '--set', 'epohcs=3', ...out], /unknown key 'epohcs'; did you mean 'epochs'/);
    await refuses(
      ['train', '--threads', '3', '--engine', 'wasm', ...out],
      /every thread needs a shard, got 3 threads for 2/,
    );
    await refuses(
      ['eval', '--run', at('nowhere')],
      /a folder with config\.json is required in .*nowhere, got there is none/,
    );
    await refuses(['eval', '--checkpoint', 'first'], /--checkpoint must be last or best, got 'first'/);
    await refuses(['predict'], /at least one picture or folder is required/);
    await refuses(['predict', at('absent.png')], /absent\.png: it does not exist/);
    await refuses(['bench', '--steps', '0'], /--steps must be a whole number from 1/);
    await expect(stat(at('refused'))).rejects.toThrow('ENOENT');
  });

  it('says how to make a network where none ships', async () => {
    const { readCard } = await import('./card.ts');
    const task = { ...tasks.detect, model: at('models') };
    await expect(readCard(task, task.model)).rejects.toThrow(
      /detect: a trained network is required in .*, got there is none; make one: npx -y pnpm@10 detect train$/,
    );
  });
});

it('times steps and predictions', { timeout: SLOW }, async () => {
  const small = ['--set', 'size={long: 64, short: 48}', '--set', 'settings.neck.channels=8', '--batch', '1'];
  const { code, out } = await run('detect', 'bench', ...small, '--engine', 'wasm', '--steps', '1', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ engine: 'wasm', batch: 1, tensorsLeft: 0 });
});
