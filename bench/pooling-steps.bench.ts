// Time of a training step of resnet8 under every registered pooling (16 pictures of 64×64, one thread), as a ratio to GAP in
// the same run; poolings take turns, so that what slows the machine down slows all of them:
//   node --conditions=@covpool/source --import tsx bench/pooling-steps.bench.ts [engine]
import { type BatchSource, createModel, poolings, schedule, sgd, train, useEngine } from 'covpool';
import { seededValues } from '@covpool/testing';

const BATCH = 16;
const SIDE = 64;
const CLASSES = 6;
const STEPS = 6;
const ROUNDS = 4;

const images = Float32Array.from(seededValues(BATCH * SIDE * SIDE * 3, 'pictures'));
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);

const source: BatchSource = {
  stepsPerEpoch: STEPS,
  async *batches() {
    for (let step = 0; step < STEPS; step++) {
      yield [
        {
          shard: 0,
          images,
          shape: [BATCH, SIDE, SIDE, 3] as [number, number, number, number],
          labels,
          indices: labels,
          batchSize: BATCH,
        },
      ];
    }
  },
};

/** Wall times of the steps of a short training, in milliseconds. */
async function stepTimes(name: string): Promise<number[]> {
  const options = name === 'gap' || name === 'idccp' ? { name } : { name, dim: 64 };
  const model = createModel('resnet8', { pooling: options, classes: CLASSES });
  const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 });
  const times: number[] = [];
  let last = performance.now();
  await train({
    model,
    optimizer,
    schedule: schedule({ name: 'constant', base: 0.01 }),
    source,
    epochs: 1,
    onStep() {
      const now = performance.now();
      times.push(now - last);
      last = now;
    },
  });
  optimizer.dispose();
  model.dispose();
  return times;
}

const { name: engine, why } = await useEngine(process.argv[2]);
console.error(`${engine}: ${why}`);
const names = poolings.names();
const times = new Map<string, number[]>(names.map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const name of names) {
    const steps = await stepTimes(name);
    // The first round warms up, and so does the first step of every training.
    if (round > 0) times.get(name)!.push(...steps.slice(1));
  }
  console.error(`round ${round} of ${ROUNDS}`);
}

const median = (values: number[]): number => [...values].sort((p, q) => p - q)[Math.floor(values.length / 2)]!;
const gap = median(times.get('gap')!);
const rows = names.map((name) => {
  const ms = median(times.get(name)!);
  return { name, ms: Number(ms.toFixed(1)), ratio: Number((ms / gap).toFixed(2)) };
});
console.log(JSON.stringify({ engine, rows }, null, 2));
