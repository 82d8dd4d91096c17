import { describeEngines, expectCovpoolError } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { hybrid } from './hybrid.ts';
import { RunFolder } from './run-folder.ts';
import { schedule } from './schedules.ts';
import { sgd } from './sgd.ts';
import { bestLine, type FolderTraining, trainInFolder } from './train-in-folder.ts';
import { smallNet, stripes, weightsOf } from './training.fixture.ts';

interface Line {
  epoch: number;
  loss: number;
  score?: number | undefined;
}

const at = temporaryFolder();

const json = async (...path: string[]) => JSON.parse(await readFile(at(...path), 'utf8'));

/** Epochs 1 and 3 are measured; the first is the better one. */
const scores = [0.5, undefined, 0.4];

const training = (name: string, more: Partial<FolderTraining<Line>> = {}): FolderTraining<Line> => ({
  folder: at(name),
  config: { note: 'of the run' },
  resume: false,
  model: smallNet(),
  optimizer: sgd({ momentum: 0.9 }),
  schedule: schedule({ name: 'linear', base: 0.1 }),
  source: stripes(),
  epochs: 3,
  shards: 2,
  seed: 1,
  lineOf: async ({ epoch, loss }) => ({ epoch, loss, score: scores[epoch - 1] }),
  scoreOf: ({ score }) => score,
  ...more,
});

describeEngines('trainInFolder', (engine) => {
  it('keeps a line for each epoch, the last weights and the best', async () => {
    const seen: Line[] = [];
    const model = smallNet();
    const { complete, lines } = await trainInFolder(
      training(`${engine}-whole`, {
        model,
        configAt: ({ epoch }) => ({ note: `of epoch ${epoch}` }),
        onLine: (line) => void seen.push(line),
      }),
    );
    expect(complete).toBe(true);
    expect(lines.map(({ epoch, score }) => [epoch, score])).toEqual(scores.map((score, i) => [i + 1, score]));
    expect(seen).toEqual(lines);
    expect(await RunFolder.open(at(`${engine}-whole`)).metrics()).toEqual(lines);
    expect((await readdir(at(`${engine}-whole`))).sort()).toEqual(['best', 'config.json', 'last', 'metrics.jsonl']);
    expect(await json(`${engine}-whole`, 'config.json')).toEqual({ note: 'of the run' });
    expect(await json(`${engine}-whole`, 'best', 'config.json')).toEqual({ note: 'of epoch 1' });
    expect(await json(`${engine}-whole`, 'last', 'config.json')).toEqual({ note: 'of epoch 3' });
    const saved = smallNet(9);
    expect(await RunFolder.open(at(`${engine}-whole`)).resume(saved, sgd())).toMatchObject({ epoch: 3, step: 0 });
    expect(await weightsOf(saved)).toEqual(await weightsOf(model));
  });

  it('goes on after an interruption as if there had been none, also with the network that took over', async () => {
    const stop = new AbortController();
    const { complete } = await trainInFolder(
      training(`${engine}-stopped`, {
        signal: stop.signal,
        onEpochStart: hybrid({ epoch: 1, successor: smallNet }),
        onStep: ({ epoch, step }) => void (epoch === 2 && step === 1 && stop.abort()),
      }),
    );
    expect(complete).toBe(false);
    const model = smallNet(9);
    const { lines, ...rest } = await trainInFolder(training(`${engine}-stopped`, { model, resume: true }));
    expect(rest.complete).toBe(true);
    const whole = smallNet();
    const uninterrupted = await trainInFolder(training(`${engine}-again`, { model: whole }));
    expect(lines).toEqual(uninterrupted.lines);
    expect(await weightsOf(model)).toEqual(await weightsOf(whole));
  });

  it('trains nothing into a folder that holds something, or where there is none to resume', async () => {
    const onStep = () => expect.unreachable();
    await mkdir(at('full', 'precious'), { recursive: true });
    const refuses = (message: RegExp, more: Partial<FolderTraining<Line>>) =>
      expectCovpoolError(() => trainInFolder(training('full', { onStep, ...more })), 'bad-input', message);
    await refuses(/choose another or resume it/, {});
    await refuses(/the folder of a run .* is required/, { folder: at('nowhere'), resume: true });
  });
});

describe('bestLine', () => {
  it('is the first of the highest, and none where nothing is measured', () => {
    const scoreOf = ({ score }: Line) => score;
    const line = (epoch: number, score?: number): Line => ({ epoch, loss: 0, score });
    const lines = [line(1), line(2, -1), line(3, 0.7), line(4, 0.7), line(5)];
    expect(bestLine(lines, scoreOf)).toBe(lines[2]);
    expect(bestLine([line(1)], scoreOf)).toBeUndefined();
  });
});
