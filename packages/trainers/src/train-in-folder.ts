import { soloCommunicator } from '@covpool/base';
import type { Shard, ShardBatch } from './batch-source.ts';
import { type CheckpointName, RunFolder } from './run-folder.ts';
import { type EpochRecord, train, type TrainingPosition, type TrainOptions } from './train.ts';

/** A training in a run folder; L is a line of its `metrics.jsonl`. */
export interface FolderTraining<L extends { epoch: number }, B extends Shard = ShardBatch>
  extends Omit<TrainOptions<B>, 'start' | 'onEpoch'> {
  /** New or empty; with `resume` that of the run that is gone on with. */
  folder: string;
  /** What a new folder's `config.json` holds. */
  config: object;
  /** Go on where the folder's last checkpoint stands. */
  resume: boolean;
  /** Called on every rank after each epoch: its line, an evaluation included. The line of rank 0 is the one that is kept. */
  lineOf: (record: EpochRecord) => Promise<L>;
  /** How good the weights of a line are, the higher the better; undefined: not measured. */
  scoreOf: (line: L) => number | undefined;
  /** What a checkpoint's `config.json` holds, where that is not what the folder's does. */
  configAt?: (position: TrainingPosition) => object;
  /** Called on rank 0 when an epoch's line and checkpoints are written. */
  onLine?: (line: L) => void;
}

/** How a training in a run folder ended. */
export interface FolderOutcome<L> {
  /** Whether all epochs are done; else `signal` stopped it, and what was done until then is saved. */
  complete: boolean;
  /** On rank 0 those of all epochs, of earlier calls too. */
  lines: L[];
}

/**
 * `train` with a run folder: rank 0 adds a line for each epoch and saves the last and the best weights; with `resume` it goes on where
 * it was stopped, and the numbers are those of never having stopped.
 *
 * @throws bad-input if the folder of a new run holds anything, or that of a resumed one is none
 */
export async function trainInFolder<L extends { epoch: number }, B extends Shard = ShardBatch>(
  options: FolderTraining<L, B>,
): Promise<FolderOutcome<L>> {
  const { folder: path, config, resume, lineOf, scoreOf, configAt, onLine, ...training } = options;
  const { optimizer, epochs, communicator = soloCommunicator, onEpochStart } = training;
  let { model } = training;
  const first = communicator.rank === 0;
  const created = first && !resume ? await RunFolder.create(path, config) : undefined;
  await communicator.barrier();
  const folder = created ?? RunFolder.open(path);
  const start = resume ? await folder.resume(model, optimizer) : undefined;
  await communicator.barrier();

  const lines = first ? ((await folder.metrics()) as unknown as L[]) : [];
  const save = (name: CheckpointName, position: TrainingPosition) =>
    folder.save(name, model, optimizer, position, configAt?.(position));
  const end = await train({
    ...training,
    start,
    onEpochStart: async (epoch, current) => (model = (await onEpochStart?.(epoch, current)) ?? current),
    async onEpoch(record, position) {
      const line = await lineOf(record);
      if (!first) return;
      lines.push(line);
      await folder.append(line);
      // An interruption between the two repeats the epoch, exactly; the other way round it would lose the best.
      if (bestLine(lines, scoreOf) === line) await save('best', position);
      await save('last', position);
      onLine?.(line);
    },
  });
  const complete = end.epoch >= epochs;
  if (first && !complete) await save('last', end);
  return { complete, lines };
}

/** The line with the highest score, of equal ones the first; undefined if none is measured. */
export function bestLine<L>(lines: readonly L[], scoreOf: (line: L) => number | undefined): L | undefined {
  return lines.reduce<L | undefined>((best, line) => {
    const score = scoreOf(line);
    return score !== undefined && (best === undefined || score > scoreOf(best)!) ? line : best;
  }, undefined);
}
