import { preprocessing } from '@covpool/backbones';
import type { Communicator } from '@covpool/base';
import { type Place, runSummary, writeRunFile } from '@covpool/cli/training';
import { createLoader, type Dataset } from '@covpool/datasets';
import { useEngine } from '@covpool/engines';
import { type EpochRecord, hybrid, schedule, sgd, type StepReport, type TrainingPosition } from '@covpool/trainers';
import { bestLine, trainInFolder } from '@covpool/trainers/node';
import { batchSource, dropsLast } from './batch-source.ts';
import { buildClassifier, type ClassifierCard, FORMAT } from './classifier.ts';
import type { TrainConfig } from './config.ts';
import { answers, score, type Scores } from './evaluate.ts';
import { pickExamples } from './examples.ts';
import { inputRecipe, trainingTransforms } from './input.ts';
import { checkSameClasses, openDataset } from './open-dataset.ts';
import type { RunResult } from './run-result.ts';
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
export interface TrainPlan extends Place {
  /** All on the same data and the same engine. */
  jobs: TrainJob[];
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
  await useEngine(plan.engine);
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
  const evaluate = () => answers(model, data.val, card.input, { communicator });
  try {
    const { complete, lines } = await trainInFolder<EpochLine>({
      folder: job.folder,
      config: card,
      resume: job.resume,
      model,
      optimizer,
      schedule: rate,
      source: batchSource(loader),
      epochs: config.epochs,
      shards: config.shards,
      seed: config.seed,
      communicator,
      signal: watcher.signal,
      onEpochStart: async (epoch, current) => (model = (await handOver?.(epoch, current)) ?? current),
      onStep: (report) => watcher.onStep?.(job, report),
      async lineOf(record) {
        const { loss, top1, meanClassAccuracy } = score(await evaluate());
        return { ...record, validation: { loss, top1, meanClassAccuracy } };
      },
      scoreOf: accuracyOf,
      configAt: (position) => cardAt(card, config, position),
      onLine: (line) => watcher.onEpoch?.(job, line),
    });
    if (!complete) return false;
    const all = await evaluate();
    if (first) {
      const best = bestLine(lines, accuracyOf)!;
      const result: RunResult = {
        name: job.name,
        ...runSummary(model, config, plan, lines, begun),
        last: score(all),
        best: { epoch: best.epoch, top1: accuracyOf(best) },
        examples: pickExamples(data.val, all),
      };
      await writeRunFile(job.folder, 'result.json', result);
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

const accuracyOf = ({ validation }: EpochLine): number => validation.top1;
