import { checkArgument, type Communicator, CovpoolError, soloCommunicator } from '@covpool/base';
import { dispose, memory, nextFrame } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type BatchSource, ownShards, type Shard, type ShardBatch } from './batch-source.ts';
import { combineShards } from './combine-shards.ts';
import { moveAverages } from './running-averages.ts';
import type { Schedule } from './schedules.ts';
import type { Optimizer } from './sgd.ts';
import { classification, type Objective, shardGradients, trainableState } from './shard-gradients.ts';

/** How far a training is, and what it has added up in the current epoch; all that a checkpoint needs beside the weights. */
export interface TrainingPosition {
  /** Epochs that are complete. */
  epoch: number;
  /** Steps of the current epoch that are complete. */
  step: number;
  lossSum: number;
  hits: number;
  samples: number;
  /** Sums of the objective's terms, if it has any. */
  terms?: Record<string, number>;
}

/** One completed epoch. */
export interface EpochRecord {
  /** Counts from 1. */
  epoch: number;
  /** Learning rate of the last step. */
  lr: number;
  /** Mean over the epoch's samples, in training mode. */
  loss: number;
  /** Share of the samples that were classified rightly; 0 where the objective classifies none. */
  top1: number;
  /** Means of the objective's terms, if it has any. */
  terms?: Record<string, number>;
  /** Mean wall time of a step of this epoch, in milliseconds. */
  msPerStep: number;
  picturesPerSecond: number;
  /** Tensors that are alive, for leaks to show. */
  tensors: number;
}

/** Where the running epoch stands, for a display. */
export interface StepReport {
  epoch: number;
  epochs: number;
  step: number;
  stepsPerEpoch: number;
  /** Means over the epoch so far. */
  loss: number;
  top1: number;
  lr: number;
  picturesPerSecond: number;
}

export interface TrainOptions<B extends Shard = ShardBatch> {
  /** Trained in place, unless `onEpochStart` puts another in its place. */
  model: LayersModel;
  optimizer: Optimizer;
  schedule: Schedule;
  source: BatchSource<B>;
  /** What is minimised; by default a classifier's cross-entropy, with `labelSmoothing`. */
  objective?: Objective<B>;
  epochs: number;
  /** Parts that every batch is cut into: part of the result (batch statistics are per part), unlike the number of ranks. */
  shards?: number;
  seed?: number;
  labelSmoothing?: number;
  communicator?: Communicator;
  /** Where to go on. */
  start?: TrainingPosition;
  /** Aborting ends the training after the running step, on all ranks. */
  signal?: AbortSignal;
  /**
   * Called on every rank before an epoch (from 0), also before the rest of one that is resumed: the network that trains
   * from here on, which may be another with weights of the same names. The optimiser's state stays, by the weights' names.
   */
  onEpochStart?: (epoch: number, model: LayersModel) => Promise<LayersModel>;
  onStep?: (report: StepReport) => void;
  /** Called on every rank after each epoch: evaluation, checkpoints. */
  onEpoch?: (record: EpochRecord, position: TrainingPosition) => Promise<void>;
}

export const trainingStart: TrainingPosition = { epoch: 0, step: 0, lossSum: 0, hits: 0, samples: 0 };

/**
 * Trains a classifier or, with an `objective`, any other model. Every rank calls it with the same options but its own communicator. Returns the position it ended
 * at: all epochs done, or where `signal` stopped it; going on from there gives the same numbers, bit for bit, as never
 * having stopped.
 *
 * @throws non-finite when the loss is not a number any more, naming epoch and step
 */
export async function train<B extends Shard = ShardBatch>(options: TrainOptions<B>): Promise<TrainingPosition> {
  const { optimizer, schedule, source, epochs, shards = 1, seed = 0, labelSmoothing = 0 } = options;
  const { communicator = soloCommunicator, signal, onEpochStart, onStep, onEpoch } = options;
  checkArgument(
    communicator.size <= shards,
    () => `train: every rank needs a shard, got ${communicator.size} ranks for ${shards} shards`,
  );
  const { stepsPerEpoch } = source;
  const objective = options.objective ?? (classification({ labelSmoothing }) as unknown as Objective<B>);
  const own = ownShards(communicator, shards);
  let { model } = options;
  const position = { ...(options.start ?? trainingStart) };

  while (position.epoch < epochs) {
    const { epoch } = position;
    model = (await onEpochStart?.(epoch, model)) ?? model;
    const parameters = trainableState(model);
    const begun = performance.now();
    const from = { step: position.step, samples: position.samples };
    let lr = 0;
    for await (const batches of source.batches(epoch, { from: position.step, shards, own })) {
      const step = epoch * stepsPerEpoch + position.step;
      lr = schedule({ epoch, step: position.step, stepsPerEpoch, epochs });
      checkArgument(
        batches.every(({ indices }) => indices.length > 0),
        () =>
          `train: every shard of a batch needs a picture, got a batch of ${batches[0]!.batchSize} for ${shards} shards`,
      );
      const results = [];
      for (const batch of batches)
        results.push(await shardGradients(model, parameters, batch, { objective, seed, step }));
      const updates = results[0]!.updates.map(({ variable, momentum }) => ({ variable, momentum }));
      const { loss, hits, terms, gradients, statistics, stop } = await combineShards(
        results,
        shards,
        communicator,
        signal?.aborted ?? false,
      );
      if (!Number.isFinite(loss)) {
        dispose([...gradients, ...statistics]);
        throw new CovpoolError(
          'non-finite',
          `train: the loss became ${loss} in epoch ${epoch + 1}, step ${
            position.step + 1
          }; lower the learning rate (${lr})`,
        );
      }
      optimizer.step(parameters, gradients, lr);
      moveAverages(updates.map((update, i) => ({ ...update, value: statistics[i]! })));
      dispose([...gradients, ...statistics]);

      const { batchSize } = batches[0]!;
      position.step += 1;
      position.lossSum += loss * batchSize;
      position.hits += hits;
      for (const [name, value] of Object.entries(terms)) {
        position.terms = { ...position.terms, [name]: (position.terms?.[name] ?? 0) + value * batchSize };
      }
      position.samples += batchSize;
      onStep?.({
        epoch: epoch + 1,
        epochs,
        step: position.step,
        stepsPerEpoch,
        loss: position.lossSum / position.samples,
        top1: position.hits / position.samples,
        lr,
        picturesPerSecond: (position.samples - from.samples) / ((performance.now() - begun) / 1000),
      });
      // Lets signals and timers through where the source never waits.
      await nextFrame();
      if (stop && position.step < stepsPerEpoch) return position;
    }
    const elapsed = performance.now() - begun;
    const record: EpochRecord = {
      epoch: epoch + 1,
      lr,
      loss: position.lossSum / position.samples,
      top1: position.hits / position.samples,
      msPerStep: elapsed / Math.max(position.step - from.step, 1),
      picturesPerSecond: ((position.samples - from.samples) / elapsed) * 1000,
      tensors: memory().numTensors,
      ...(position.terms ? { terms: meansOf(position) } : {}),
    };
    delete position.terms;
    Object.assign(position, { ...trainingStart, epoch: epoch + 1 });
    await onEpoch?.(record, { ...position });
    if (signal?.aborted && communicator.size === 1) return position;
  }
  return position;
}

function meansOf({ terms = {}, samples }: TrainingPosition): Record<string, number> {
  return Object.fromEntries(Object.entries(terms).map(([name, sum]) => [name, sum / samples]));
}
