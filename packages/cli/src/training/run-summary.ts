import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Place } from './train-on-threads.ts';

/** What every training's `result.json` says. */
export interface RunSummary extends Place {
  /** Trained weights, counted by element. */
  parameters: number;
  epochs: number;
  seed: number;
  /** Of the quickest epoch: in the first ones the runtime compiles, and other work on the machine only adds. */
  msPerStep: number;
  /** Wall time of the training with its evaluations; of the last call, if it was resumed. */
  seconds: number;
}

/** The summary of a training that ends now. @param begun when it began, by `performance.now()` */
export function runSummary(
  model: LayersModel,
  { epochs, seed }: { epochs: number; seed: number },
  { engine, threads }: Place,
  lines: readonly { msPerStep: number }[],
  begun: number,
): RunSummary {
  return {
    parameters: countParameters(model),
    epochs,
    seed,
    engine,
    threads,
    msPerStep: quickest(lines),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** Milliseconds per step of the quickest epoch; NaN of none. */
export function quickest(lines: readonly { msPerStep: number }[]): number {
  return lines.length > 0 ? Math.min(...lines.map(({ msPerStep }) => msPerStep)) : Number.NaN;
}

/** Trained weights, counted by element. */
export function countParameters(model: LayersModel): number {
  return model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * (b ?? 1), 1), 0);
}

/** The upper one of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
