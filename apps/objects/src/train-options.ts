import {
  configOptions,
  learningOptions,
  optionsAsConfig,
  type OptionSpecs,
  type OptionValues,
  runningOptions,
  userPath,
} from '@covpool/cli';

/** The options that say how to train. */
export const trainOptions = {
  ...configOptions,
  set: { ...configOptions.set, summary: `${configOptions.set.summary}: size.long=640, settings.anchors.scale=6` },
  data: {
    type: 'string',
    value: 'folder',
    summary: 'annotations/instances_<split>.json and pictures',
    fallback: 'the pictures that ship',
  },
  detector: { type: 'string', value: 'name', summary: 'faster-rcnn, mask-rcnn, or -small of them', fallback: 'small' },
  backbone: { type: 'string', value: 'name', summary: 'its trunk', fallback: 'resnet8-detection' },
  variant: { type: 'string', value: 'name', summary: 'of a residual trunk: GAP, GCP_D or GCP_M', fallback: 'GAP' },
  trunk: { type: 'string', value: 'file', summary: "a classifier's weights to start the trunk from" },
  from: { type: 'string', value: 'file', summary: "a detector's weights to start from" },
  'frozen-stages': { type: 'number', summary: 'stages of the trunk that are not trained', fallback: '0' },
  normalization: { type: 'string', value: 'kind', summary: 'batch, running, group or instance', fallback: 'batch' },
  conventions: { type: 'string', value: 'name', summary: 'mmdet2, mmdet1 or torchvision', fallback: 'mmdet2' },
  flips: { type: 'string', value: 'kind', summary: 'both, horizontal or none', fallback: 'both' },
  scales: {
    type: 'string',
    value: 'a,b',
    summary: 'show each batch at its size times a factor from a to b',
    fallback: '1,1',
  },
  jitter: { type: 'number', summary: 'strength of random brightness, contrast and saturation', fallback: '0' },
  ...learningOptions,
  epochs: { ...learningOptions.epochs, fallback: '30' },
  batch: { ...learningOptions.batch, fallback: '4' },
  lr: { ...learningOptions.lr, fallback: '0.02' },
  schedule: { ...learningOptions.schedule, fallback: 'cosine-warmup' },
  'clip-norm': { type: 'number', summary: 'most that the norm of the gradients may be; 0: no limit', fallback: '5' },
  'evaluate-every': { type: 'number', summary: 'epochs between evaluations', fallback: '5' },
  ...runningOptions,
} as const satisfies OptionSpecs;

/** The options as a configuration; what was not given is undefined. */
export const trainingChoices = (options: OptionValues<typeof trainOptions>) =>
  optionsAsConfig(trainOptions, options, { data: userPath, trunk: userPath, from: userPath });
