import { describeEngines, expectCovpoolError } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { memory } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { hybrid } from './hybrid.ts';
import { RunFolder } from './run-folder.ts';
import { schedule } from './schedules.ts';
import { sgd } from './sgd.ts';
import { train, type TrainingPosition, type TrainOptions } from './train.ts';
import { pairOfRanks, smallNet, stripes, weightsOf } from './training.fixture.ts';

const folder = temporaryFolder({ each: true });

const SWITCH = 1;

/** Trains as `onEpochStart` says, and gives the network that it ends with. */
async function trained(
  onEpochStart: TrainOptions['onEpochStart'],
  more: Partial<TrainOptions> = {},
): Promise<{ model: LayersModel; position: TrainingPosition }> {
  let model = more.model ?? smallNet();
  const position = await train({
    optimizer: sgd(),
    schedule: schedule({ name: 'step', base: 0.1, milestones: [SWITCH] }),
    source: stripes(),
    epochs: 3,
    shards: 2,
    seed: 5,
    ...more,
    model,
    onEpochStart: async (epoch, before) => (model = (await onEpochStart?.(epoch, before)) ?? before),
  });
  return { model, position };
}

/** From means to maxima after one epoch; the successor's own weights are others. */
const toMaxima = () => hybrid({ epoch: SWITCH, successor: () => smallNet(99, 'max') });

describeEngines('hybrid', () => {
  it('changes nothing but the pooling: a switch to the same one gives the same bits as none (spec 5.7)', async () => {
    const plain = await trained(undefined);
    const same = await trained(hybrid({ epoch: SWITCH, successor: () => smallNet(99) }));
    expect(await weightsOf(same.model)).toEqual(await weightsOf(plain.model));
    const other = await trained(toMaxima());
    expect(await weightsOf(other.model)).not.toEqual(await weightsOf(plain.model));
  });

  it('trains with the first network until the switch, and with the second from there on (spec 5.7)', async () => {
    const first = await trained(undefined, { epochs: SWITCH });
    const untouched = await trained(toMaxima(), { epochs: SWITCH });
    expect(await weightsOf(untouched.model)).toEqual(await weightsOf(first.model));
    const always = await trained(hybrid({ epoch: 0, successor: () => smallNet(99, 'max') }));
    expect(await weightsOf(always.model)).toEqual(
      await weightsOf((await trained(undefined, { model: smallNet(1, 'max') })).model),
    );
  });

  it('gives the same bits on two ranks as on one', async () => {
    const alone = await weightsOf((await trained(toMaxima())).model);
    const both = await Promise.all(pairOfRanks().map((communicator) => trained(toMaxima(), { communicator })));
    for (const { model } of both) expect(await weightsOf(model)).toEqual(alone);
  });

  it.each([
    ['in mid-epoch before the switch', { epoch: SWITCH - 1, step: 2 }],
    ['at the switch', { epoch: SWITCH, step: 0 }],
    ['in mid-epoch right after the switch', { epoch: SWITCH, step: 2 }],
    ['an epoch after the switch', { epoch: SWITCH + 1, step: 0 }],
  ])('goes on %s as if there had been no interruption, bit for bit', async (_, at) => {
    const run = await RunFolder.create(folder(), {});
    const [stop, optimizer] = [new AbortController(), sgd()];
    const stopped = await trained(toMaxima(), {
      optimizer,
      signal: stop.signal,
      onStep: ({ epoch, step }) => epoch === at.epoch + 1 && step === at.step - 1 && stop.abort(),
      onEpoch: async ({ epoch }) => void (epoch === at.epoch && at.step === 0 && stop.abort()),
    });
    expect(stopped.position).toMatchObject(at);
    await run.save('last', stopped.model, optimizer, stopped.position);

    const [model, velocities] = [smallNet(9), sgd()];
    const start = await RunFolder.open(folder()).resume(model, velocities);
    const resumed = await trained(toMaxima(), { model, optimizer: velocities, start });
    expect(await weightsOf(resumed.model)).toEqual(await weightsOf((await trained(toMaxima())).model));
  });

  it('refuses a network with other weights before it trains, naming them, and an epoch that is none', async () => {
    const wider = hybrid({ epoch: 1, successor: () => smallNet(1, 'max', 9) });
    let steps = 0;
    await expectCovpoolError(
      () => trained(wider, { onStep: () => void steps++ }),
      'bad-argument',
      /hybrid: both networks must have the same weights, got .*another shape \(pool\.reduce\.0\.0\.weight/,
    );
    expect(steps).toBe(0);
    expect(() => hybrid({ epoch: 1.5, successor: () => smallNet() })).toThrow(/whole number from 0, got 1.5/);
  });

  it('disposes of the network before the switch', async () => {
    const before = memory().numTensors;
    const optimizer = sgd();
    const { model } = await trained(toMaxima(), { optimizer });
    model.dispose();
    optimizer.dispose();
    expect(memory().numTensors).toBe(before);
  });
});
