import { checkArgument } from '@covpool/base';
import { registry } from '@covpool/core';

/** When in the training a learning rate is asked for; epochs and steps count from 0. */
export interface Moment {
  epoch: number;
  /** Step within the epoch. */
  step: number;
  stepsPerEpoch: number;
  /** Epochs of the whole training. */
  epochs: number;
}

export interface Schedule {
  (moment: Moment): number;
  /** Epochs at which the rate falls at once and between which it stands still; absent where it changes otherwise. */
  drops?: readonly number[];
}

/** A schedule as data; options beside the name belong to the schedule. */
export type ScheduleSpec = { name: string } & Record<string, unknown>;

/** Schedules by name. */
export const schedules = registry<(options: Record<string, unknown>) => Schedule>('schedule', 'schedule');

/** A schedule by name: `schedule({name: 'linear', base: 0.1})`. */
export function schedule({ name, ...options }: ScheduleSpec): Schedule {
  return schedules.get(name)(options);
}

/**
 * The last epoch of a training at which its rate drops; later drops never come. A training in stages, such as the hybrid
 * protocol, begins its last stage there.
 *
 * @throws bad-argument if the schedule does not fall in steps, or not before the training ends
 */
export function lastDrop({ drops }: Schedule, epochs: number): number {
  const within = drops?.filter((drop) => drop > 0 && drop < epochs) ?? [];
  checkArgument(
    within.length > 0,
    () =>
      `lastDrop: a schedule that drops in steps before epoch ${epochs} is required, got ${
        drops ? `drops at [${drops}]` : 'one without drops'
      }; name the epoch instead`,
  );
  return Math.max(...within);
}

/** Registers a schedule with the options that it has. */
function define<O extends Record<string, number | number[]>>(
  name: string,
  defaults: O,
  rate: (options: O) => Schedule,
) {
  schedules.register(name, (given) => {
    for (const [key, value] of Object.entries(given)) {
      checkArgument(
        key in defaults,
        () => `schedule '${name}': unknown option '${key}'; it has: ${Object.keys(defaults).join(', ')}`,
      );
      checkArgument(
        Array.isArray(defaults[key]) ? Array.isArray(value) && value.every(Number.isFinite) : Number.isFinite(value),
        () =>
          `schedule '${name}': ${key} must be ${
            Array.isArray(defaults[key]) ? 'a list of numbers' : 'a number'
          }, got ${String(value)}`,
      );
    }
    return rate({ ...defaults, ...given });
  });
}

define(
  'constant',
  { base: 0.1 },
  ({ base }) =>
    () =>
      base,
);

/** Falls linearly from `base` to 0, per step: ShuffleNetV2's rule. */
define('linear', { base: 0.1 }, ({ base }) => ({ epoch, step, stepsPerEpoch, epochs }) => {
  return base * (1 - (epoch * stepsPerEpoch + step) / (stepsPerEpoch * epochs));
});

/** Multiplies by `factor` at each milestone (epochs). */
define('step', { base: 0.1, milestones: [30, 60, 90], factor: 0.1 }, ({ base, milestones, factor }) => {
  const rate = ({ epoch }: Moment) => base * factor ** milestones.filter((milestone) => epoch >= milestone).length;
  return Object.assign(rate, { drops: milestones });
});

/**
 * Half a cosine per epoch to `min`, after `warmup` epochs that rise linearly from `start`; the last `cooldown` epochs of the
 * training stay at `min`.
 */
define(
  'cosine',
  { base: 1e-3, min: 1e-5, warmup: 0, start: 1e-6, cooldown: 0 },
  ({ base, min, warmup, start, cooldown }) =>
    ({ epoch, epochs }) => {
      if (epoch < warmup) return start + ((base - start) * epoch) / warmup;
      const done = Math.min(epoch / (epochs - cooldown), 1);
      return min + 0.5 * (base - min) * (1 + Math.cos(Math.PI * done));
    },
);

/** The share of the rate in step i of a linear warm-up: `1 − (1 − i/warmup)(1 − ratio)`, then 1. */
function warmUp({ epoch, step, stepsPerEpoch }: Moment, { warmup, ratio }: { warmup: number; ratio: number }): number {
  const i = epoch * stepsPerEpoch + step;
  return i < warmup ? 1 - (1 - i / warmup) * (1 - ratio) : 1;
}

/**
 * The 1x schedule of detectors: `base`, multiplied by `factor` at each milestone (epochs), after a linear warm-up of `warmup` steps that
 * starts at `ratio · base`. mmdetection 1.x has a ratio of 1/3.
 */
define(
  'step-warmup',
  { base: 0.02, milestones: [8, 11], factor: 0.1, warmup: 500, ratio: 0.001 },
  ({ base, milestones, factor, ...warm }) => {
    const rate = (moment: Moment) =>
      base * factor ** milestones.filter((milestone) => moment.epoch >= milestone).length * warmUp(moment, warm);
    return Object.assign(rate, { drops: milestones });
  },
);

/** Half a cosine per step from `base` to `min`, times a linear warm-up of `warmup` steps that starts at `ratio`. */
define('cosine-warmup', { base: 0.02, min: 0, warmup: 100, ratio: 0.001 }, ({ base, min, ...warm }) => (moment) => {
  const { epoch, step, stepsPerEpoch, epochs } = moment;
  const done = (epoch * stepsPerEpoch + step) / (epochs * stepsPerEpoch);
  return (min + 0.5 * (base - min) * (1 + Math.cos(Math.PI * done))) * warmUp(moment, warm);
});

/** `base·factor^epoch`: MobileNetV2's norm (0.045, 0.98) and fast (0.06, 0.92) rules. */
define(
  'exponential',
  { base: 0.045, factor: 0.98 },
  ({ base, factor }) =>
    ({ epoch }) =>
      base * factor ** epoch,
);

/**
 * `base·(1 − (epoch − 1)/length)^power`: the fast (52, 11) and adjusted (49, 2) rules of the ResNets. By default epochs count
 * from 0 as in the published code, so that the first one's rate is above the base; `startEpoch: 1` counts as the published figure
 * does: the first epoch has the base, and the last of 50 adjusted ones a rate of 0.
 */
define(
  'polynomial',
  { base: 0.1, length: 52, power: 11, startEpoch: 0 },
  ({ base, length, power, startEpoch }) =>
    ({ epoch }) =>
      base * (1 - (epoch + startEpoch - 1) / length) ** power,
);

/** Linear between (epoch, rate) points: MobileNetV2's adjusted rule by default. */
define(
  'piecewise',
  { epochs: [0, 50, 100, 150], rates: [0.06, 0.01, 0.001, 1e-5] },
  ({ epochs: points, rates }) =>
    ({ epoch }) => {
      const k = points.findIndex((point) => epoch <= point);
      if (k === -1) return rates.at(-1)!;
      if (k === 0) return rates[0]!;
      const [from, to] = [points[k - 1]!, points[k]!];
      return rates[k - 1]! + ((rates[k]! - rates[k - 1]!) * (epoch - from)) / (to - from);
    },
);

/** The three settings of Wang et al. (CVPR 2020) by backbone family: how long and how the rate falls. */
export const publishedSchedules = {
  resnet: {
    norm: { epochs: 100, schedule: { name: 'step', base: 0.1, milestones: [30, 60, 90], factor: 0.1 } },
    fast: { epochs: 30, schedule: { name: 'polynomial', base: 0.1, length: 52, power: 11 } },
    adju: { epochs: 50, schedule: { name: 'polynomial', base: 0.1, length: 49, power: 2 } },
  },
  mobilenet: {
    norm: { epochs: 400, schedule: { name: 'exponential', base: 0.045, factor: 0.98 } },
    fast: { epochs: 100, schedule: { name: 'exponential', base: 0.06, factor: 0.92 } },
    adju: { epochs: 150, schedule: { name: 'piecewise' } },
  },
  shufflenet: {
    norm: { epochs: 240, schedule: { name: 'linear', base: 0.5 } },
    fast: { epochs: 60, schedule: { name: 'linear', base: 0.5 } },
    adju: { epochs: 100, schedule: { name: 'linear', base: 0.5 } },
  },
} as const;
