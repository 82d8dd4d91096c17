import type { Communicator } from '@covpool/base';
import { loadWeights } from '@covpool/checkpoints/node';
import type { DetectionDataset } from '@covpool/datasets';
import { cocoFolder } from '@covpool/datasets/node';
import { useEngine } from '@covpool/engines';
import { type EpochRecord, schedule, sgd, type StepReport, train } from '@covpool/trainers';
import { RunFolder } from '@covpool/trainers/node';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { batchSource, trainingLoader } from './batches.ts';
import { buildDetector, cardOf, loadDetectorWeights, weightsFile } from './card.ts';
import type { TrainConfig } from './config.ts';
import { findObjects, mainStats, scoreObjects, type Scores } from './evaluate.ts';
import { detectionObjective } from './objective.ts';
import { type RunResult, writeRunResult } from './run-result.ts';
import { checkSameCategories } from './same-categories.ts';
import type { Task } from './task.ts';

/** A training, as every rank of the program is given it. */
export interface TrainJob {
  task: Task;
  config: TrainConfig;
  /** Its run folder. */
  folder: string;
  /** Go on where the folder's last checkpoint stands. */
  resume: boolean;
  engine: string;
  threads: number;
}

/** An epoch's line of `metrics.jsonl`: training, then validation where there was one. */
export type EpochLine = Omit<EpochRecord, 'top1'> & { validation?: Scores };

/** How rank 0 follows the work. */
export interface TrainWatcher {
  /** Pictures and objects of the data that are not learnt from, in words. */
  onData?: (train: DetectionDataset, val: DetectionDataset) => void;
  onStep?: (report: StepReport) => void;
  onEvaluate?: (done: number, total: number) => void;
  onEpoch?: (line: EpochLine) => void;
  signal?: AbortSignal;
}

/**
 * Trains a detector. Every rank of the program calls it with the same job; rank 0 alone evaluates, reports and writes. Returns false if
 * the watcher's signal stopped it; what was done until then is saved.
 */
export async function trainDetector(
  job: TrainJob,
  communicator: Communicator,
  watcher: TrainWatcher = {},
): Promise<boolean> {
  const { task, config } = job;
  const begun = performance.now();
  await useEngine(job.engine as Parameters<typeof useEngine>[0]);
  const open = (split: 'train' | 'val') =>
    cocoFolder(config.data, {
      split,
      masks: task.masks,
      training: split === 'train',
      ...(config.limit === undefined ? {} : { limit: config.limit }),
    });
  const first = communicator.rank === 0;
  const learnt = await open('train');
  const val = await open('val');
  checkSameCategories(config.data, learnt, val);
  const card = cardOf(config, learnt);
  const trunk = config.trunk === undefined ? undefined : (await loadWeights(config.trunk)).tensors;
  const detector = buildDetector(card, config.seed, trunk);
  if (config.from !== undefined && !job.resume) await loadDetectorWeights(detector, config.from, { surplus: true });
  const loader = trainingLoader(learnt, card, config);
  const rate = schedule({ ...config.schedule, ...(config.lr === undefined ? {} : { base: config.lr }) });
  const { momentum, weightDecay, clipNorm } = config;
  const optimizer = sgd({ momentum, weightDecay, clipNorm: clipNorm === 0 ? Infinity : clipNorm });
  const run = first && !job.resume ? await RunFolder.create(job.folder, card) : undefined;
  await communicator.barrier();
  const folder = run ?? RunFolder.open(job.folder);
  const start = job.resume ? await folder.resume(detector.model, optimizer) : undefined;
  await communicator.barrier();
  if (first) watcher.onData?.(learnt, val);

  const lines = first ? ((await folder.metrics()) as unknown as EpochLine[]) : [];
  const evaluated = (epoch: number) => epoch % config.evaluateEvery === 0 || epoch === config.epochs;
  const evaluate = async () =>
    scoreObjects(val, await findObjects(detector, val, card, { onStep: watcher.onEvaluate! }));
  try {
    const end = await train({
      model: detector.model,
      optimizer,
      objective: detectionObjective(detector),
      schedule: rate,
      source: batchSource(loader),
      epochs: config.epochs,
      shards: config.shards,
      seed: config.seed,
      communicator,
      start,
      signal: watcher.signal!,
      onStep: (report) => watcher.onStep?.(report),
      async onEpoch({ top1: _, ...record }, position) {
        if (!first) return;
        const validation = evaluated(record.epoch) ? (await evaluate()).scores : undefined;
        const line: EpochLine = { ...record, ...(validation ? { validation } : {}) };
        const best = validation && mainStats(validation).AP > bestOf(lines).AP;
        lines.push(line);
        await folder.append(line as unknown as EpochRecord & Record<string, unknown>);
        // An interruption between the two repeats the epoch, exactly; the other way round it would lose the best.
        if (best) await folder.save('best', detector.model, optimizer, position);
        await folder.save('last', detector.model, optimizer, position);
        watcher.onEpoch?.(line);
      },
    });
    if (end.epoch < config.epochs) {
      if (first) await folder.save('last', detector.model, optimizer, end);
      return false;
    }
    if (first) {
      // The best weights are those that a run is used with.
      await loadDetectorWeights(detector, weightsFile(job.folder, 'best'));
      const { scores } = await evaluate();
      const result: RunResult = {
        parameters: countParameters(detector.model),
        epochs: config.epochs,
        seed: config.seed,
        engine: job.engine,
        threads: job.threads,
        best: { epoch: bestOf(lines).epoch, ...scores },
        msPerStep: median(lines.map(({ msPerStep }) => msPerStep)),
        seconds: (performance.now() - begun) / 1000,
      };
      await writeRunResult(job.folder, result);
    }
    return true;
  } finally {
    optimizer.dispose();
    detector.dispose();
  }
}

/** The epoch (from 1) with the best AP so far; epoch 0 with less than any. */
function bestOf(lines: EpochLine[]): { epoch: number; AP: number } {
  return lines.reduce(
    (best, { epoch, validation }) => {
      const AP = validation ? mainStats(validation).AP : -Infinity;
      return AP > best.AP ? { epoch, AP } : best;
    },
    { epoch: 0, AP: -Infinity },
  );
}

function countParameters(model: LayersModel): number {
  return model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * (b ?? 1), 1), 0);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
