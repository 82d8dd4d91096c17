import { soloCommunicator } from '@covpool/base';
import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, tolerance } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { fill, memory, mul, type Scalar, scalar, square, sum, type Tensor, tensor4d } from '@tensorflow/tfjs-core';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShardBatch } from './batch-source.ts';
import { predictAll } from './predict.ts';
import { RunFolder } from './run-folder.ts';
import { schedule } from './schedules.ts';
import type { Objective } from './shard-gradients.ts';
import { sgd } from './sgd.ts';
import { train, type EpochRecord, type TrainOptions } from './train.ts';
import { pairOfRanks, smallNet, stripes, weightsOf } from './training.fixture.ts';

const settings = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  model: smallNet(),
  optimizer: sgd(),
  schedule: schedule({ name: 'linear', base: 0.1 }),
  source: stripes(),
  epochs: 3,
  shards: 2,
  seed: 5,
  ...more,
});

/** Numbers of a record that do not depend on the clock. */
const numbers = ({ epoch, lr, loss, top1 }: EpochRecord) => ({ epoch, lr, loss, top1 });

const at = temporaryFolder({ each: true });

describeEngines('train', () => {
  it('learns', async () => {
    const records: EpochRecord[] = [];
    await train(
      settings({ source: stripes({ samples: 48 }), epochs: 12, onEpoch: async (record) => void records.push(record) }),
    );
    expect(records.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(records.at(-1)!.loss).toBeLessThan(0.5 * records[0]!.loss);
    expect(records.at(-1)!.top1).toBeGreaterThan(0.9);
  });

  it('gives the same numbers twice, and others for another seed of the network', async () => {
    const weights = async (seed: number) => {
      const model = smallNet(seed);
      await train(settings({ model, epochs: 1 }));
      return weightsOf(model);
    };
    const first = await weights(1);
    expect(await weights(1)).toEqual(first);
    expect(await weights(2)).not.toEqual(first);
  });

  it('minimises what it is told to, and means its terms over shards, ranks and interruptions', async () => {
    const objective: Objective<ShardBatch> = async (model, batch, { step }) => {
      const images = tensor4d(batch.images, batch.shape);
      return {
        measure() {
          const output = model.apply(images, { training: true }) as Tensor;
          const loss = mul(sum(square(output)), 1 / batch.batchSize) as Scalar;
          return {
            loss,
            terms: { part: mul(loss, 0.5), share: scalar(batch.indices.length / batch.batchSize), step: scalar(step) },
          };
        },
        dispose: () => images.dispose(),
      };
    };
    const run = async (more: Partial<TrainOptions> = {}) => {
      const records: EpochRecord[] = [];
      const model = smallNet();
      await train(
        settings({ model, objective, epochs: 2, onEpoch: async (record) => void records.push(record), ...more }),
      );
      return { records, weights: await weightsOf(model) };
    };
    const { records, weights } = await run();
    for (const { loss, terms, top1 } of records) {
      expect(terms!.part).toBeCloseTo(loss / 2, 4);
      expect(terms!.share).toBeCloseTo(1, 6);
      expect(top1).toBe(0);
    }
    expect(records[1]!.loss).toBeLessThan(records[0]!.loss);
    expect((await run()).weights).toEqual(weights);
    const alone = await run({ shards: 1 });
    expect(Object.keys(alone.records[0]!.terms!)).toEqual(['part', 'share', 'step']);
  });

  it('gives the same bits on one rank as on two', async () => {
    const alone = smallNet();
    const records: EpochRecord[] = [];
    await train(settings({ model: alone, onEpoch: async (record) => void records.push(record) }));
    const models = [smallNet(), smallNet()];
    const both: EpochRecord[][] = [[], []];
    await Promise.all(
      pairOfRanks().map((communicator, rank) =>
        train(
          settings({ model: models[rank]!, communicator, onEpoch: async (record) => void both[rank]!.push(record) }),
        ),
      ),
    );
    const expected = await weightsOf(alone);
    for (const model of models) expect(await weightsOf(model)).toEqual(expected);
    for (const list of both) expect(list.map(numbers)).toEqual(records.map(numbers));
  });

  it('normalises each shard by its own statistics: the number of shards is part of the result', async () => {
    const [one, two] = [smallNet(), smallNet()];
    await train(settings({ model: one, shards: 1, epochs: 1 }));
    await train(settings({ model: two, shards: 2, epochs: 1 }));
    expect(await weightsOf(one)).not.toEqual(await weightsOf(two));
  });

  it('goes on after an interruption in mid-epoch as if there had been none, bit for bit', async () => {
    const whole = smallNet();
    const records: EpochRecord[] = [];
    await train(settings({ model: whole, onEpoch: async (record) => void records.push(record) }));

    const run = await RunFolder.create(at('run'), { any: 'thing' });
    const stop = new AbortController();
    const [model, optimizer] = [smallNet(), sgd()];
    const stopped = await train(
      settings({
        model,
        optimizer,
        signal: stop.signal,
        onStep: ({ epoch, step }) => epoch === 2 && step === 1 && stop.abort(),
        onEpoch: async (record) => run.append({ ...record }),
      }),
    );
    expect(stopped).toMatchObject({ epoch: 1, step: 2 });
    await run.save('last', model, optimizer, stopped);
    await writeFile(join(run.path, 'metrics.jsonl'), `${await readFile(join(run.path, 'metrics.jsonl'), 'utf8')}{"epo`);

    const reopened = RunFolder.open(run.path);
    const [again, velocities] = [smallNet(9), sgd()];
    const start = await reopened.resume(again, velocities);
    await train(
      settings({
        model: again,
        optimizer: velocities,
        start,
        onEpoch: async (record) => reopened.append({ ...record }),
      }),
    );
    expect(await weightsOf(again)).toEqual(await weightsOf(whole));
    const kept = (await reopened.metrics()) as unknown as EpochRecord[];
    expect(kept.map(numbers)).toEqual(records.map(numbers));
  });

  it('stops with one line when the loss is not a number any more, and keeps no tensor', async () => {
    const diverging = settings({ schedule: schedule({ name: 'constant', base: 1e30 }) });
    const before = memory().numTensors;
    await expectCovpoolError(() => train(diverging), 'non-finite', /the loss became \S+ in epoch 1, step \d; lower/);
    diverging.optimizer.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('refuses labels that the network has no output for', async () => {
    const source = stripes();
    const wrong = {
      ...source,
      async *batches() {
        yield [
          {
            shard: 0,
            images: new Float32Array(192),
            shape: [1, 8, 8, 3] as [number, number, number, number],
            labels: Int32Array.of(3),
            indices: Int32Array.of(0),
            batchSize: 1,
          },
        ];
      },
    };
    await expectCovpoolError(() => train(settings({ source: wrong, shards: 1 })), 'bad-argument', /from 0 to 2, got 3/);
  });

  it('lets a signal through although the source never waits', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const ended = await train(settings({ epochs: 1000, signal: stop.signal }));
    expect(ended.epoch).toBeLessThan(1000);
  });

  it('refuses more ranks than shards', async () => {
    const [communicator] = pairOfRanks();
    await expectCovpoolError(
      () => train(settings({ shards: 1, communicator })),
      'bad-argument',
      /2 ranks for 1 shards/,
    );
  });

  it('keeps the number of tensors from epoch to epoch', async () => {
    const counts: number[] = [];
    for (const shards of [1, 2]) {
      await train(settings({ shards, onEpoch: async ({ tensors }) => void counts.push(tensors) }));
      expect(new Set(counts).size).toBe(1);
      counts.length = 0;
    }
  });
});

describeEngines('predictAll', () => {
  const samples = 10;

  it('gives the logits of every sample in order, however many ranks share the work', async () => {
    const net = smallNet();
    const rows: number[][] = [];
    for await (const batches of stripes({ samples, batchSize: 1 }).batches(0, { from: 0, shards: 1, own: [0] })) {
      const { images, shape, indices } = batches[0]!;
      rows[indices[0]!] = [...(await (net.predict(tensor4d(images, shape)) as Tensor).data())];
    }
    const source = stripes({ samples, batchSize: 4 });
    const [alone, ...shared] = await Promise.all(
      [soloCommunicator, ...pairOfRanks()].map((communicator) =>
        predictAll({ model: smallNet(), source, samples, communicator }),
      ),
    );
    for (const { logits, labels } of [alone!, ...shared]) {
      expect([...labels]).toEqual(Array.from({ length: samples }, (_, i) => i % 3));
      // Nets of the same weights; in a batch of another size an engine may add up in another order, which the tolerance of a float32
      // result is for: the sums have at most 36 terms.
      await expectClose(logits, rows.flat());
    }
    // Any two samples differ by far more, so that none stands in another's place, and none is missing or there twice.
    const largest = Math.max(...rows.flat().map(Math.abs));
    for (const [i, row] of rows.entries()) {
      expect(Math.max(...row.map(Math.abs))).toBeGreaterThan(100 * tolerance() * largest);
      for (const other of rows.slice(0, i)) {
        const distance = Math.max(...row.map((value, c) => Math.abs(value - other[c]!)));
        expect(distance).toBeGreaterThan(100 * tolerance() * largest);
      }
    }
  });

  it('keeps no tensor', async () => {
    const [model, source] = [smallNet(), stripes({ samples, batchSize: 4 })];
    await expectNoLeak(async () => void (await predictAll({ model, source, samples })));
  });
});

describe('RunFolder', () => {
  it('refuses a folder that holds something, and one that is not a run', async () => {
    await writeFile(at('precious'), '');
    await expectCovpoolError(() => RunFolder.create(at(), {}), 'bad-input', /choose another or resume it/);
    expect(await readdir(at())).toEqual(['precious']);
    await expectCovpoolError(() => RunFolder.open(at()), 'bad-input', /the folder of a run/);
  });
});

describeEngines('RunFolder.save', () => {
  it('leaves the old checkpoint when the new one cannot be written', async () => {
    const run = await RunFolder.create(at('run'), {});
    const [model, optimizer] = [smallNet(), sgd()];
    const position = { epoch: 1, step: 0, lossSum: 0, hits: 0, samples: 0 };
    await run.save('last', model, optimizer, position);
    const broken = {
      ...optimizer,
      state: () => {
        throw new Error('disk full');
      },
    };
    await expect(run.save('last', model, broken, { ...position, epoch: 2 })).rejects.toThrow('disk full');
    expect(await run.resume(smallNet(), sgd())).toEqual(position);
    const diverged = smallNet();
    diverged.setWeights(diverged.getWeights().map((w, i) => (i === 0 ? fill(w.shape, Number.NaN) : w)));
    await expectCovpoolError(
      () => run.save('last', diverged, optimizer, position),
      'non-finite',
      /conv1.weight is not finite/,
    );
    await rename(join(run.path, 'last'), join(run.path, 'last.old'));
    expect(await run.resume(smallNet(), sgd())).toEqual(position);
    await expect(run.save('last', model, broken, { ...position, epoch: 2 })).rejects.toThrow('disk full');
    expect(await run.resume(smallNet(), sgd())).toEqual(position);
    await run.save('last', model, optimizer, { ...position, epoch: 3 });
    expect(await run.resume(smallNet(), sgd())).toMatchObject({ epoch: 3 });
    expect((await readdir(run.path)).sort()).toEqual(['config.json', 'last', 'metrics.jsonl']);
    await writeFile(join(run.path, 'config.json'), '{');
    await expectCovpoolError(() => run.config(), 'bad-input', /JSON is required in .*config.json/);
  });
});
