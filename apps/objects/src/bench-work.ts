import type { Progress } from '@covpool/base';
import { countParameters, median } from '@covpool/cli/training';
import { cocoFolder } from '@covpool/datasets/node';
import { useEngine } from '@covpool/engines';
import { schedule, sgd, train } from '@covpool/trainers';
import { memory } from '@tensorflow/tfjs-core';
import { batchSource, trainingLoader } from './batches.ts';
import { buildDetector, cardOf } from './card.ts';
import type { TrainConfig } from './config.ts';
import { findObjects } from './evaluate.ts';
import { detectionObjective } from './objective.ts';
import type { Task } from './task.ts';

/** Steps that are not timed: the first compile kernels and fill caches. */
const WARM = 2;

/** What `bench` prints for machines; times are medians. */
export interface BenchResult {
  engine: string;
  parameters: number;
  /** Pictures of a step, computed in one thread. */
  batch: number;
  msPerStep: number;
  msPerPicture: number;
  /** Tensors that a step left behind; 0 unless something leaks. */
  tensorsLeft: number;
}

/** Times training steps and predictions of a fresh detector in this thread. */
export async function benchDetector(
  task: Task,
  config: TrainConfig,
  { steps, progress }: { steps: number; progress: Progress },
): Promise<BenchResult> {
  const { name: engine } = await useEngine(config.engine);
  const pictures = config.batch * (WARM + steps);
  const open = (split: 'train' | 'val', limit: number) =>
    cocoFolder(config.data, { split, masks: task.masks, training: split === 'train', limit });
  const learnt = await open('train', pictures);
  const card = cardOf(config, learnt);
  const detector = buildDetector(card, config.seed);
  const optimizer = sgd();
  const times: number[] = [];
  const alive: number[] = [];
  const stop = new AbortController();
  let last = performance.now();
  await train({
    model: detector.model,
    optimizer,
    objective: detectionObjective(detector),
    schedule: schedule({ name: 'constant', base: 1e-4 }),
    source: batchSource(trainingLoader(learnt, card, config)),
    epochs: Math.ceil((WARM + steps) / Math.max(1, Math.ceil(learnt.length / config.batch))),
    signal: stop.signal,
    onStep() {
      times.push(performance.now() - last);
      alive.push(memory().numTensors);
      progress.update({ label: 'training', done: times.length, total: WARM + steps });
      if (times.length === WARM + steps) stop.abort();
      last = performance.now();
    },
  });
  const val = await open('val', steps + WARM);
  const looks: number[] = [];
  last = performance.now();
  await findObjects(detector, val, card, {
    batchSize: 1,
    onStep(done, total) {
      looks.push(performance.now() - last);
      progress.update({ label: 'looking', done, total });
      last = performance.now();
    },
  });
  progress.end();
  const parameters = countParameters(detector.model);
  optimizer.dispose();
  detector.dispose();
  return {
    engine,
    parameters,
    batch: config.batch,
    msPerStep: median(times.slice(WARM)),
    msPerPicture: median(looks.slice(Math.min(WARM, looks.length - 1))),
    tensorsLeft: alive.at(-1)! - alive[WARM - 1]!,
  };
}
