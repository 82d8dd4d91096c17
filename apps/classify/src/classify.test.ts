import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
const train = (out: string, ...more: string[]) =>
  classify('train', '--data', data, ...tiny, '--pool', 'gap', '--out', out, ...more);

describe('train, eval, predict, report', () => {
  it('go all the way from pictures to names', async () => {
    const trained = await train(at('way'));
    expect(trained).toMatchObject({ code: 0, error: '' });
    expect(trained.out.split('\n').filter((line) => line.includes('val top-1'))).toHaveLength(2);
    expect((await readdir(at('way'))).sort()).toEqual(
      expect.arrayContaining([
        'accuracy.png',
        'best',
        'config.json',
        'last',
        'metrics.jsonl',
        'report.html',
        'result.json',
      ]),
    );

    const evaluated = JSON.parse((await classify('eval', '--run', at('way'), '--json')).out);
    const result = JSON.parse(await readFile(at('way', 'result.json'), 'utf8'));
    expect(evaluated).toMatchObject({ samples: 12, classes: ['glass', 'paper'], confusion: result.last.confusion });
    expect(evaluated.loss).toBeCloseTo(result.last.loss, 6);

    const picture = join(data, 'val', 'glass', (await readdir(join(data, 'val', 'glass')))[0]!);
    const [{ predictions }] = JSON.parse((await classify('predict', picture, '--run', at('way'), '--json')).out);
    expect(predictions.map(({ label }: { label: string }) => label).sort()).toEqual(['glass', 'paper']);
    expect(predictions[0].probability + predictions[1].probability).toBeCloseTo(1, 6);
    // The best checkpoint is a model folder by itself.
    expect(await classify('predict', picture, '--run', at('way', 'best'), '--top', '1')).toMatchObject({ code: 0 });

    await rm(at('way', 'report.html'));
    expect(await classify('report', '--run', at('way'))).toMatchObject({ code: 0 });
    const report = await readFile(at('way', 'report.html'), 'utf8');
    expect(report).not.toMatch(/(src|href)="(?!data:)/);
  });

  it('give the same numbers again, also on two threads', async () => {
    await train(at('one'));
    await train(at('again'));
    const two = tiny.map((option, i) => (tiny[i - 1] === '--threads' ? '2' : option));
    await classify('train', '--data', data, ...two, '--pool', 'gap', '--out', at('two'));
    const reference = await weights(at('one'));
    expect((await weights(at('again'))).equals(reference)).toBe(true);
    expect((await weights(at('two'))).equals(reference)).toBe(true);
  });

  it('go on after an interruption as if there had been none', async () => {
    await train(at('whole'));
    const config = completeConfig(
      trainConfigSchema.parse({ data, size: 16, epochs: 2, batch: 4, threads: 1, pool: 'gap' }),
    );
    const controller = new AbortController();
    const stopped = startTraining([{ name: 'gap', config, folder: at('stopped'), resume: false }], {
      signal: controller.signal,
      onStep: (_, { epoch, step }) => {
        if (epoch === 2 && step === 1) controller.abort();
      },
    });
    const message = `stopped; the last checkpoint is saved, --resume ${at('stopped')} goes on`;
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted', message });
    expect((await weights(at('stopped'))).equals(await weights(at('whole')))).toBe(false);
    expect(await classify('train', '--resume', at('stopped'))).toMatchObject({ code: 0, error: '' });
    expect((await weights(at('stopped'))).equals(await weights(at('whole')))).toBe(true);
  });
});

describe('bad input', () => {
  const refuses = async (argv: string[], message: RegExp, code = 2) => {
    const result = await classify(...argv);
    expect(result.error).toMatch(message);
    expect(result.error.trim().split('\n')).toHaveLength(1);
    expect(result.code).toBe(code);
  };
  const on = (root: string) => ['train', '--data', root, ...tiny, '--out', at('refused')];

  it('is refused in one line, and leaves no run folder behind', async () => {
    await smallData(at('lone'), ['glass']);
    await smallData(at('hollow'));
    await rm(at('hollow', 'train', 'paper'), { recursive: true });
    await smallData(at('hollow'), ['metal'], 0);
    await smallData(at('differs'));
    await smallData(at('differs-val'), ['glass', 'trash']);
    await rm(at('differs', 'val'), { recursive: true });
    await cp(at('differs-val', 'val'), at('differs', 'val'), { recursive: true });
    await writeFile(at('wrong.yaml'), 'epohcs: 3\n');

    await refuses(on(at('nowhere')), /error: imageFolder: .*nowhere/);
    await refuses(on(at()), /a folder with train in it is required/);
    await refuses(on(at('lone')), /at least two class folders are required, got only 'glass'/);
    await refuses(on(at('hollow')), /at least one picture/);
    await refuses(on(at('differs')), /must have the classes glass, paper, got glass, trash; differs in paper, trash/);
    await refuses(
      [...on(data), '--config', at('wrong.yaml')],
      /wrong\.yaml: unknown key 'epohcs'; did you mean 'epochs'\?/,
    );
    await refuses(
      [...on(data), '--pool', 'isqtr'],
      /unknown pooling 'isqtr'; known: .*isqrt, .*; did you mean 'isqrt'\?/,
    );
    await refuses([...on(data), '--backbone', 'resnet9'], /unknown backbone 'resnet9'; known: .*resnet8/);
    await refuses([...on(data), '--schedule', 'liner'], /unknown schedule 'liner'; known: .*linear/);
    await refuses([...on(data), '--set', 'size=2000000'], /size: must be at most 8192, got 2000000/);
    await refuses([...on(data), '--engine', 'wsm'], /--engine is given more than once/);
    await refuses([...on(data), '--set', 'pool.iteration=3'], /unknown option 'iteration'; it has: .*iterations/);
    await expect(stat(at('refused'))).rejects.toThrow('ENOENT');
  });

  it('damages nothing that exists', async () => {
    await train(at('kept'));
    const before = await weights(at('kept'));
    await refuses(
      ['train', '--data', data, ...tiny, '--out', at('kept')],
      /an empty or new folder is required, got .*kept/,
    );
    await refuses(['train', '--resume', at('kept')], /is complete; there is nothing to resume/);
    await refuses(['train', '--resume', at('kept'), '--lr', '1'], /takes no others, got --lr/);
    await refuses(['compare', '--out', at('kept')], /a new or empty folder is required/);
    expect((await weights(at('kept'))).equals(before)).toBe(true);
  });

  it('names the picture that cannot be read, and reads the others', async () => {
    await train(at('reader'));
    const good = join(data, 'val', 'paper', (await readdir(join(data, 'val', 'paper')))[0]!);
    await writeFile(at('text.jpg'), 'not a picture');
    await writeFile(at('cut.jpg'), (await readFile(good)).subarray(0, 900));
    const predict = ['predict', '--run', at('reader')];
    await refuses([...predict, at('text.jpg')], /text\.jpg: /);
    await refuses([...predict, at('cut.jpg')], /cut\.jpg: /);
    await refuses([...predict, at('absent.jpg')], /absent\.jpg: there is no such file/);
    const mixed = await classify(...predict, at('cut.jpg'), good, '--json');
    expect(mixed).toMatchObject({ code: 2, error: expect.stringContaining('1 of 2') });
    expect(JSON.parse(mixed.out)).toEqual([
      { picture: at('cut.jpg'), error: expect.stringContaining('cut.jpg') },
      { picture: good, predictions: expect.any(Array) },
    ]);
    await writeFile(at('data', 'train', 'glass', 'broken.jpg'), (await readFile(good)).subarray(0, 900));
    await refuses(on(data), /train.glass.broken\.jpg: /);
    await rm(at('data', 'train', 'glass', 'broken.jpg'));
  });

  it("refuses another network's weights", async () => {
    await train(at('gap'));
    await classify('train', '--data', data, ...tiny, '--pool', 'isqrt', '--dim', '8', '--out', at('isqrt'));
    const file = (run: string) => at(run, 'last', 'model.safetensors');
    await refuses(['eval', '--run', at('gap'), '--weights', file('isqrt')], /weights unexpected \(pool\.reduce/);
    await refuses(['eval', '--run', at('gap'), '--weights', at('wrong.yaml')], /wrong\.yaml/);
    await refuses(['eval', '--run', data], /config\.json is required/);
    await refuses(['eval'], /either --run, or --config with --weights/);
    await refuses(['predict'], /at least one picture is required/);
    await refuses(['predict', 'x.jpg', '--model', 'vgg'], /unknown model 'vgg'/);
    expect(await classify('eval', '--run', at('gap'))).toMatchObject({ code: 0 });
  });
});
