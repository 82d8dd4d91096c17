import { deriveSeed } from '@covpool/base';
import { add, keep, mul, type Tensor } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { sharedGlobal } from './shared-global.ts';

/** A batch statistic on its way into a running average. The receiver disposes of `value`. */
export interface StatisticUpdate {
  variable: LayerVariable;
  /** See `movedAverage`. */
  momentum: number;
  value: Tensor;
}

/** What a trainer says to the layers of the model that it runs. */
export interface TrainingScope {
  seed: number;
  /** Counts optimiser steps from 0 over the whole training. */
  step: number;
  /** Which part of the batch is being computed; statistics and masks of the parts are independent. */
  shard: number;
  /** Collects running-average updates, so that the trainer can average them over the shards of a batch. */
  updates: StatisticUpdate[];
}

interface ScopeHolder {
  current: TrainingScope | undefined;
  seed: number;
  calls: Map<string, number>;
}

const holder = sharedGlobal<ScopeHolder>('scope', () => ({ current: undefined, seed: 0, calls: new Map() }));

/** Runs `compute` inside a trainer's scope. */
export function withTrainingScope<T>(scope: TrainingScope, compute: () => T): T {
  const outer = holder.current;
  holder.current = scope;
  try {
    return compute();
  } finally {
    holder.current = outer;
  }
}

/** Builds layers whose initial weights are a function of this seed and of the layers' names. */
export function withSeed<T>(seed: number, build: () => T): T {
  const outer = holder.seed;
  holder.seed = seed;
  try {
    return build();
  } finally {
    holder.seed = outer;
  }
}

/** The seed of a weight's initial value: a function of the current seed and the weight's full name. */
export function initializationSeed(weightName: string): number {
  return deriveSeed(holder.seed, 'init', weightName);
}

/**
 * The seed of a random mask: a function of (seed, layer name, step, shard) inside a trainer's scope; outside of one,
 * as under `model.fit`, the calls of each layer are counted instead of steps.
 */
export function maskSeed(layerName: string): number {
  const scope = holder.current;
  if (scope) return deriveSeed(scope.seed, layerName, scope.step, scope.shard);
  const call = holder.calls.get(layerName) ?? 0;
  holder.calls.set(layerName, call + 1);
  return deriveSeed(holder.seed, layerName, call);
}

/** A running average after one more batch statistic: `(1 − momentum)·running + momentum·value`. */
export function movedAverage<T extends Tensor>(running: T, momentum: number, value: T): T {
  return add(mul(running, 1 - momentum), mul(value, momentum));
}

/** Moves a running average towards a batch statistic: through the trainer inside its scope, at once outside of one. */
export function updateRunningAverage(variable: LayerVariable, momentum: number, value: Tensor): void {
  if (holder.current) holder.current.updates.push({ variable, momentum, value: keep(value) });
  else variable.write(movedAverage(variable.read() as Tensor, momentum, value));
}
