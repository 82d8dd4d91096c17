import { z } from 'zod';

export const wholeFrom = (least: number) =>
  z.int(`must be a whole number from ${least}`).min(least, `must be at least ${least}`);

export const share = (most: number) =>
  z.number('must be a number').min(0, 'must not be negative').max(most, `must be at most ${most}`);

const nameAsObject = (value: unknown): unknown => (typeof value === 'string' ? { name: value } : value);
const rule = 'must be a name, or name and options';

/** `isqrt` or `{name: isqrt, dim: 64}`; whoever makes the named thing checks its options. */
export const named = z.preprocess(nameAsObject, z.looseObject({ name: z.string('must be a name') }, rule));

/** The same; options without a name are for the one that stands there anyway. */
export const maybeNamed = z.preprocess(
  nameAsObject,
  z.looseObject({ name: z.string('must be a name').optional() }, rule),
);

/** How a network learns: what `learningOptions` set. */
export const learningFields = {
  epochs: wholeFrom(1).optional(),
  /** Pictures per step. */
  batch: wholeFrom(1),
  /** Parts of a batch that are computed apart; it fixes the numbers, whoever computes the parts. */
  shards: wholeFrom(1).default(2),
  /** The schedule's base rate; absent: the schedule's own. */
  lr: share(1e6).optional(),
  schedule: named,
  momentum: share(1).default(0.9),
  weightDecay: share(1e3).default(1e-4),
};

/** What else a training is run with: what `runningOptions` set. */
export const runningFields = {
  seed: wholeFrom(0).default(0),
  engine: z.string('must be a name').optional(),
  /** Threads that compute; absent: one per shard and core. It changes no number. */
  threads: wholeFrom(1).optional(),
  /** Use only the first so many pictures of a split, spread over the classes if there are any; for trying things out. */
  limit: wholeFrom(1).optional(),
};
