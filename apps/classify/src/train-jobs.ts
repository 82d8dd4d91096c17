import { preprocessing } from '@covpool/backbones';
import type { Communicator } from '@covpool/base';
import { createLoader, type Dataset } from '@covpool/datasets';
import { useEngine } from '@covpool/engines';
import {
  type EpochRecord,
  hybrid,
  schedule,
  sgd,
  type StepReport,
  train,
  type TrainingPosition,
} from '@covpool/trainers';
import { RunFolder } from '@covpool/trainers/node';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { batchSource, dropsLast } from './batch-source.ts';
import { buildClassifier, type ClassifierCard, FORMAT } from './classifier.ts';
import type { TrainConfig } from './config.ts';
import { answers, score, type Scores } from './evaluate.ts';
import { pickExamples } from './examples.ts';
import { inputRecipe, trainingTransforms } from './input.ts';
import { checkSameClasses, openDataset } from './open-dataset.ts';
import { type RunResult, writeRunResult } from './run-result.ts';
import { startFromWeights, type StartingWeights } from './start-from-weights.ts';

/** One network to train. */
export interface TrainJob {
  name: string;
  config: TrainConfig;
  /** Its run folder. */
  folder: string;
  /** Go on where the folder's last checkpoint stands. */
  resume: boolean;
}

/** What all ranks of a program are given. */
export interface TrainPlan {
  /** All on the same data and the same engine. */
  jobs: TrainJob[];
  engine: string;
  threads: number;
}

/** An epoch's line of `metrics.jsonl`: training, then validation. */
export type EpochLine = EpochRecord & { validation: Pick<Scores, 'loss' | 'top1' | 'meanClassAccuracy'> };

/** How rank 0 follows the work. */
export interface TrainWatcher {
  onWeights?: (job: TrainJob, weights: StartingWeights) => void;
  onStep?: (job: TrainJob, report: StepReport) => void;
  onEpoch?: (job: TrainJob, line: EpochLine) => void;
  onDone?: (job: TrainJob, result: RunResult) => void;
  signal?: AbortSignal;
}

/**
 * Trains one network after the other. Every rank of the program calls it with the same plan; rank 0 alone reports and
 * writes. Returns false if the watcher's signal stopped it; what was done until then is saved.
 */
export async function trainJobs(
  plan: TrainPlan,
  communicator: Communicator,
  watcher: TrainWatcher = {},
): Promise<boolean> {
  await useEngine(plan.engine as Parameters<typeof useEngine>[0]);
  const [{ config }] = plan.jobs as [TrainJob, ...TrainJob[]];
  const data = await openSplits(config.data, config.limit);
  for (const job of plan.jobs) if (!(await trainOne(job, plan, data, communicator, watcher))) return false;
  return true;
}

interface Splits {
  train: Dataset;
  val: Dataset;
}

/** Both splits of a data folder. */
async function openSplits(folder: string, limit?: number): Promise<Splits> {
  const train = await openDataset(folder, 'train', limit);
  const val = await openDataset(folder, 'val', limit);
  checkSameClasses(`the validation split of ${folder}`, train.classes, val.classes);
  return { train, val };
}

async function trainOne(
  job: TrainJob,
  plan: TrainPlan,
  data: Splits,
  communicator: Communicator,
  watcher: TrainWatcher,
): Promise<boolean> {
  const { config } = job;
  const begun = performance.now();
  const card = trainingCard(config, data.train.classes);
  let model = buildClassifier(card, config.seed);
  if (config.weights !== undefined && !job.resume) {
    watcher.onWeights?.(job, await startFromWeights(model, config.weights));
  }
  const handOver = config.hybrid && handingOver(config.hybrid, card, config.seed);
  // Refuses a pooling that cannot take over before there is a folder.
  await handOver?.(0, model);
  const optimizer = sgd({ momentum: config.momentum, weightDecay: config.weightDecay });
  const rate = schedule(config.schedule);
  const loader = createLoader(data.train, {
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
    dropLast: dropsLast(data.train.length, config.batch, config.shards),
    transforms: trainingTransforms(card.input, config),
    mean: card.input.mean,
    std: card.input.std,
  });
  const first = communicator.rank === 0;
  const run = first && !job.resume ? await RunFolder.create(job.folder, card) : undefined;
  await communicator.barrier();
  const folder = run ?? RunFolder.open(job.folder);
  const start = job.resume ? await folder.resume(model, optimizer) : undefined;
  await communicator.barrier();

  const lines = first ? ((await folder.metrics()) as unknown as EpochLine[]) : [];
  try {
    const end = await train({
      model,
      optimizer,
      schedule: rate,
      source: batchSource(loader),
      epochs: config.epochs,
      shards: config.shards,
      seed: config.seed,
      communicator,
      start,
      signal: watcher.signal,
      onEpochStart: async (epoch, current) => (model = (await handOver?.(epoch, current)) ?? current),
      onStep: (report) => watcher.onStep?.(job, report),
      async onEpoch(record, position) {
        const { loss, top1, meanClassAccuracy } = score(await answers(model, data.val, card.input, { communicator }));
        if (!first) return;
        const line = { ...record, validation: { loss, top1, meanClassAccuracy } };
        const best = lines.every(({ validation }) => validation.top1 < top1);
        lines.push(line);
        await folder.append(line);
        // An interruption between the two repeats the epoch, exactly; the other way round it would lose the best.
        const own = cardAt(card, config, position);
        if (best) await folder.save('best', model, optimizer, position, own);
        await folder.save('last', model, optimizer, position, own);
        watcher.onEpoch?.(job, line);
      },
    });
    if (end.epoch < config.epochs) {
      if (first) await folder.save('last', model, optimizer, end, cardAt(card, config, end));
      return false;
    }
    const all = await answers(model, data.val, card.input, { communicator });
    if (first) {
      const result: RunResult = {
        name: job.name,
        parameters: countParameters(model),
        epochs: config.epochs,
        seed: config.seed,
        engine: plan.engine,
        threads: plan.threads,
        last: score(all),
        best: bestOf(lines),
        msPerStep: median(lines.map(({ msPerStep }) => msPerStep)),
        seconds: (performance.now() - begun) / 1000,
        examples: pickExamples(data.val, all),
      };
      await writeRunResult(job.folder, result);
      watcher.onDone?.(job, result);
    }
    return true;
  } finally {
    await loader.close();
    optimizer.dispose();
    model.dispose();
  }
}

/** The switch of the hybrid protocol. */
function handingOver({ pool, epoch }: NonNullable<TrainConfig['hybrid']>, card: ClassifierCard, seed: number) {
  return hybrid({ epoch, successor: () => buildClassifier({ ...card, pool }, seed) });
}

/** The card of the weights at a position: it names the pooling that trained them last. */
function cardAt(
  card: ClassifierCard,
  { hybrid: later }: TrainConfig,
  { epoch, step }: TrainingPosition,
): ClassifierCard {
  const lastEpoch = step > 0 ? epoch : epoch - 1;
  return later && lastEpoch >= later.epoch ? { ...card, pool: later.pool } : card;
}

/** The card of a network that is to be trained. */
export function trainingCard(config: TrainConfig, classes: readonly string[]): ClassifierCard {
  const { backbone, pool, attention, size } = config;
  const input = inputRecipe(preprocessing(backbone), size);
  return { format: FORMAT, backbone, pool, attention, classes: [...classes], input, training: config };
}

function countParameters(model: LayersModel): number {
  return model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * (b ?? 1), 1), 0);
}

function bestOf(lines: EpochLine[]): RunResult['best'] {
  const [first, ...rest] = lines.map(({ epoch, validation: { top1 } }) => ({ epoch, top1 }));
  return rest.reduce((best, line) => (line.top1 > best.top1 ? line : best), first!);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
