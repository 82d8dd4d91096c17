import { learningFields, maybeNamed, named, runningFields, wholeFrom } from '@covpool/cli/training';
import { z } from 'zod';
import { materialsFolder } from './shipped.ts';

/** Every choice of a training, with what holds without it. A run folder keeps it resolved. */
export const trainConfigSchema = z.strictObject({
  /** A folder with a folder per class in `train` and in `val`, or one with CIFAR's binary batches. */
  data: z.string('must be a folder').default(materialsFolder),
  backbone: z.string('must be a name').default('resnet8'),
  /** Absent: what the backbone was published with, or iSQRT-COV. */
  pool: maybeNamed.optional(),
  /** In the last block of each stage, or of its `stages`. Absent: the backbone's own, mostly none. */
  attention: named.optional(),
  /**
   * The hybrid protocol: after `epoch` epochs (by default where a step schedule drops last) the weights go on with another
   * pooling. Absent: one pooling throughout.
   */
  hybrid: z
    .strictObject(
      {
        pool: named,
        epoch: z
          .union([wholeFrom(1), z.literal('last-drop')], "must be a whole number from 1 or 'last-drop'")
          .default('last-drop'),
      },
      'must have a pool, and may have an epoch',
    )
    .optional(),
  /** A file, folder or web address of weights to start from, as far as they fit. Absent: fresh ones. */
  weights: z.string('must be a file').optional(),
  /** Side of the network's input in pixels. */
  size: wholeFrom(8).max(8192, 'must be at most 8192').default(64),
  /** Training pictures: `crop` of a slightly larger one, `resized-crop` (ImageNet), or `none`. */
  augment: z.enum(['crop', 'resized-crop', 'none'], 'must be crop, resized-crop or none').default('crop'),
  flips: z.enum(['both', 'horizontal', 'none'], 'must be both, horizontal or none').default('both'),
  /** Without `epochs`: 15, or what a published schedule says. */
  ...learningFields,
  batch: learningFields.batch.default(32),
  /** A schedule with options, or `norm`, `fast`, `adju`: those published for the backbone's family, epochs included. */
  schedule: named.default({ name: 'linear' }),
  ...runningFields,
});

/** The choices of a comparison: those of a training, with several poolings (or `all`) in place of one. */
export const compareConfigSchema = trainConfigSchema.omit({ pool: true, hybrid: true }).extend({
  pools: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value),
      z.array(named, 'must be a list of names').min(1, 'must name at least one pooling'),
    )
    .default([{ name: 'gap' }, { name: 'isqrt' }, { name: 'dropcov' }]),
  /** Channels that second-order poolings see, of those that do not say it themselves. */
  dim: wholeFrom(1).default(64),
  /** How many seeds, from `seed` on, each network is trained with. */
  seeds: wholeFrom(1).default(1),
});

export type TrainChoices = z.infer<typeof trainConfigSchema>;
export type CompareChoices = z.infer<typeof compareConfigSchema>;

/** A training with nothing left open. */
export type TrainConfig = Omit<TrainChoices, 'hybrid' | 'pool'> & {
  pool: z.infer<typeof named>;
  epochs: number;
  hybrid?: { pool: z.infer<typeof named>; epoch: number };
};
