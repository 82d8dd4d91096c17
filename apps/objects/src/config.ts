import { learningFields, named, runningFields, share, wholeFrom } from '@covpool/cli/training';
import { z } from 'zod';
import type { Task } from './task.ts';

/** Every choice of a training, with what holds without it. A run folder keeps it resolved. */
export function trainConfigSchema(task: Task) {
  return z.strictObject({
    /** A folder in COCO's layout: `annotations/instances_<split>.json` and pictures. */
    data: z.string('must be a folder').default(task.data),
    detector: z.string('must be a name').default(task.detector),
    backbone: z.string('must be a name').default('resnet8-detection'),
    /** How a residual trunk comes to its last stride: GAP, GCP_D or GCP_M. */
    variant: z.enum(['GAP', 'GCP_D', 'GCP_M'], 'must be GAP, GCP_D or GCP_M').optional(),
    /** Weights of a classifier, whose trunk the detector starts from. */
    trunk: z.string('must be a file').optional(),
    /** Weights of a detector that the training starts from; what this one has no place for, such as running statistics, is left. */
    from: z.string('must be a file').optional(),
    /** Stages of the trunk that stay as they are, the stem counted. */
    frozenStages: wholeFrom(0).default(0),
    normalization: z
      .enum(['batch', 'running', 'group', 'instance'], 'must be batch, running, group or instance')
      .default('batch'),
    conventions: z.enum(['mmdet2', 'mmdet1', 'torchvision'], 'must be mmdet2, mmdet1 or torchvision').default('mmdet2'),
    /** Sizes and thresholds of the detector that differ from its own: `settings.anchors.scale=6`. */
    settings: z.record(z.string(), z.record(z.string(), z.unknown()), 'must be groups of settings').default({}),
    /** How large pictures become: their longer and their shorter side at most, in pixels. */
    size: z.strictObject({ long: wholeFrom(16), short: wholeFrom(16) }, 'must have long and short').default(task.size),
    flips: z.enum(['both', 'horizontal', 'none'], 'must be both, horizontal or none').default('both'),
    /** Each batch is shown at `size` times a factor drawn between the two. */
    scales: z
      .preprocess(
        (value) => (typeof value === 'string' ? value.split(',').map(Number) : value),
        z.tuple([z.number().positive(), z.number().positive()], 'must be two positive numbers, as in 0.8,1.25'),
      )
      .default([1, 1]),
    /** Strength of random brightness, contrast and saturation. */
    jitter: share(1).default(0),
    ...learningFields,
    epochs: wholeFrom(1).default(30),
    batch: learningFields.batch.default(4),
    schedule: named.default({ name: 'cosine-warmup' }),
    /** The most that the norm of all gradients together may be; 0: no limit. */
    clipNorm: share(1e6).default(5),
    /** Evaluate on the validation pictures after every so many epochs, and after the last. */
    evaluateEvery: wholeFrom(1).default(5),
    ...runningFields,
  });
}

export type TrainConfig = z.infer<ReturnType<typeof trainConfigSchema>>;
