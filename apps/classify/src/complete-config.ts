import { backbones } from '@covpool/backbones';
import { CovpoolError, unknownName } from '@covpool/base';
import { poolings } from '@covpool/core';
import { lastDrop, publishedSchedules, schedule as makeSchedule, type ScheduleSpec } from '@covpool/trainers';
import './classifier.ts'; // registers the poolings
import type { TrainChoices, TrainConfig } from './config.ts';

const DEFAULT_EPOCHS = 15;
const DEFAULT_DIM = 64;

/**
 * Settles what the schema leaves open: the published schedules, the number of epochs, the channels of a pooling, the epoch of
 * the hybrid protocol.
 *
 * @param dim channels that a second-order pooling sees if it does not say so itself; absent: the backbone's published number
 */
export function completeConfig(choices: TrainChoices, dim?: number): TrainConfig {
  const published = publishedSchedule(choices);
  const { lr, hybrid, ...rest } = choices;
  const schedule = { ...(published?.schedule ?? choices.schedule), ...(lr === undefined ? {} : { base: lr }) };
  const epochs = choices.epochs ?? published?.epochs ?? DEFAULT_EPOCHS;
  const pool = withDim(chosenPool(choices), choices.backbone, dim);
  return {
    ...rest,
    schedule,
    epochs,
    pool,
    ...(hybrid ? { hybrid: completeHybrid(hybrid, pool, schedule, epochs) } : {}),
  };
}

/** What both poolings of the hybrid protocol have in common: their weights, and what shapes them. */
const SHARED_OPTIONS = ['dim', 'reduce', 'activation', 'groups'];

function completeHybrid(
  { pool: later, epoch }: NonNullable<TrainChoices['hybrid']>,
  pool: TrainConfig['pool'],
  schedule: ScheduleSpec,
  epochs: number,
): NonNullable<TrainConfig['hybrid']> {
  const shared = Object.entries(pool).filter(([key]) => SHARED_OPTIONS.includes(key));
  const at = epoch === 'last-drop' ? lastDrop(makeSchedule(schedule), epochs) : epoch;
  if (at >= epochs) {
    throw new CovpoolError('bad-argument', `train: hybrid.epoch must be below the ${epochs} epochs, got ${at}`);
  }
  return { pool: { ...Object.fromEntries(shared), ...later }, epoch: at };
}

/** Poolings that see all channels unless told otherwise: `gap` is of the first order, IDCCP reduces channels itself. */
const ALL_CHANNELS = ['gap', 'idccp'];

/**
 * What stands in the head: the pooling that was chosen, the one that the backbone was published with, or iSQRT-COV. Options that were
 * chosen without a name are those of either.
 */
export function chosenPool({ backbone, pool }: Pick<TrainChoices, 'backbone' | 'pool'>): TrainConfig['pool'] {
  const { name, ...options } = pool ?? {};
  if (name !== undefined) return { name, ...options };
  const { defaults } = backbones.get(backbone);
  // A network that is known for its attention ends in average pooling, unless it names another.
  return { ...(defaults?.pooling ?? { name: defaults?.attention ? 'gap' : 'isqrt' }), ...options };
}

/** Second-order poolings see so many channels unless told otherwise: their output grows with the square. */
function withDim(pool: TrainConfig['pool'], backbone: string, given: number | undefined): TrainConfig['pool'] {
  if (ALL_CHANNELS.includes(pool.name) || 'dim' in pool || 'reduce' in pool) return pool;
  if (given !== undefined) return { ...pool, dim: given };
  const { reduction, defaults } = backbones.get(backbone);
  const isOwn = pool.name === defaults?.pooling?.name;
  const published = reduction?.dim;
  if (published === undefined) return isOwn ? pool : { ...pool, dim: DEFAULT_DIM };
  return poolings.get(pool.name).compact ? pool : { ...pool, dim: published };
}

type PublishedName = 'norm' | 'fast' | 'adju';

function publishedSchedule({ schedule: { name, ...options }, backbone }: TrainChoices) {
  if (!['norm', 'fast', 'adju'].includes(name)) return undefined;
  const families = Object.keys(publishedSchedules) as (keyof typeof publishedSchedules)[];
  const family = families.find((prefix) => backbone.startsWith(prefix));
  if (!family) throw unknownName(`schedule '${name}'`, 'family of the backbone', backbone, families);
  const others = Object.keys(options).filter((key) => key !== 'startEpoch');
  if (others.length > 0) {
    throw new CovpoolError(
      'bad-argument',
      `schedule '${name}': it is published whole and has no options but startEpoch, got ${others.join(
        ', ',
      )}; set lr or epochs`,
    );
  }
  const { epochs, schedule } = publishedSchedules[family][name as PublishedName];
  return { epochs, schedule: { ...schedule, ...options } };
}
