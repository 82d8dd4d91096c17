import type { Communicator } from '@covpool/base';
import { loadWeights } from '@covpool/checkpoints/node';
import { type Place, runSummary, writeRunFile } from '@covpool/cli/training';
import type { DetectionDataset } from '@covpool/datasets';
import { cocoFolder } from '@covpool/datasets/node';
import { useEngine } from '@covpool/engines';
import { type EpochRecord, schedule, sgd, type StepReport } from '@covpool/trainers';
import { bestLine, trainInFolder } from '@covpool/trainers/node';
import { batchSource, type ObjectShard, trainingLoader } from './batches.ts';
import { buildDetector, cardOf, loadDetectorWeights, weightsFile } from './card.ts';
import type { TrainConfig } from './config.ts';
import { findObjects, mainStats, scoreObjects, type Scores } from './evaluate.ts';
import { detectionObjective } from './objective.ts';
import type { RunResult } from './run-result.ts';
import { checkSameCategories } from './same-categories.ts';
import type { Task } from './task.ts';

/** A training, as every rank of the program is given it. */
export interface TrainJob extends Place {
  task: Task;
  config: TrainConfig;
  /** Its run folder. */
  folder: string;
  /** Go on where the folder's last checkpoint stands. */
  resume: boolean;
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
  await useEngine(job.engine);
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
  if (first) watcher.onData?.(learnt, val);
  const evaluated = (epoch: number) => epoch % config.evaluateEvery === 0 || epoch === config.epochs;
  const evaluate = async () =>
    scoreObjects(val, await findObjects(detector, val, card, { onStep: watcher.onEvaluate! })).scores;
  try {
    const { complete, lines } = await trainInFolder<EpochLine, ObjectShard>({
      folder: job.folder,
      config: card,
      resume: job.resume,
      model: detector.model,
      optimizer,
      objective: detectionObjective(detector),
      schedule: rate,
      source: batchSource(loader),
      epochs: config.epochs,
      shards: config.shards,
      seed: config.seed,
      communicator,
      signal: watcher.signal,
      onStep: watcher.onStep,
      async lineOf({ top1: _, ...record }) {
        const validation = first && evaluated(record.epoch) ? await evaluate() : undefined;
        return { ...record, ...(validation ? { validation } : {}) };
      },
      scoreOf: averagePrecision,
      onLine: watcher.onEpoch,
    });
    if (complete && first) {
      // The best weights are those that a run is used with.
      await loadDetectorWeights(detector, weightsFile(job.folder, 'best'));
      const { epoch } = bestLine(lines, averagePrecision)!;
      const result: RunResult = {
        ...runSummary(detector.model, config, job, lines, begun),
        best: { epoch, ...(await evaluate()) },
      };
      await writeRunFile(job.folder, 'result.json', result);
    }
    return complete;
  } finally {
    optimizer.dispose();
    detector.dispose();
  }
}

/** How good an epoch was, if it was evaluated. */
const averagePrecision = ({ validation }: EpochLine): number | undefined => validation && mainStats(validation).AP;
