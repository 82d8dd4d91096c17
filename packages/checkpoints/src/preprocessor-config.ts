import { CovpoolError } from '@covpool/base';

/** How a picture becomes a network's input; structurally the `Preprocessing` of @covpool/backbones. */
export interface PicturePreprocessing {
  /** Side of the square input in pixels. */
  inputSize: number;
  /** Share of the resized picture's shorter side that the centre crop keeps. */
  cropFraction: number;
  interpolation: 'bilinear' | 'bicubic';
  /** Per channel, of values in [0,1]. */
  mean: [number, number, number];
  std: [number, number, number];
}

/** Pillow's numbers of the filters. */
const RESAMPLE = { bilinear: 2, bicubic: 3 } as const;

/** The `preprocessor_config.json` of Hugging Face's image processors: shorter side, centre crop, mean and deviation. */
export function toPreprocessorConfig(preprocessing: PicturePreprocessing): Record<string, unknown> {
  const { inputSize, cropFraction, interpolation, mean, std } = preprocessing;
  return {
    do_resize: true,
    size: { shortest_edge: Math.round(inputSize / cropFraction) },
    resample: RESAMPLE[interpolation],
    do_center_crop: true,
    crop_size: { height: inputSize, width: inputSize },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

/**
 * The preprocessing that a `preprocessor_config.json` describes. Only what the networks here need is understood: a resized
 * shorter side, a square crop of the centre, values in [0,1] normalised per channel.
 *
 * @throws bad-input for anything else
 */
export function fromPreprocessorConfig(config: unknown): PicturePreprocessing {
  const { size, crop_size: crop, resample, image_mean: mean, image_std: std } = record(config);
  const shorter = side(record(size).shortest_edge);
  const inputSize = side(record(crop).height);
  const interpolation = (['bilinear', 'bicubic'] as const).find((name) => RESAMPLE[name] === resample);
  if (!shorter || !inputSize || record(crop).width !== inputSize || inputSize > shorter || !interpolation) {
    throw refuse('a shortest_edge, a square crop_size within it and resample 2 (bilinear) or 3 (bicubic)');
  }
  if (!isColour(mean) || !isColour(std) || std.some((value) => value <= 0)) {
    throw refuse('an image_mean and a positive image_std of three numbers');
  }
  return { inputSize, cropFraction: inputSize / shorter, interpolation, mean, std };
}

const refuse = (what: string): CovpoolError =>
  new CovpoolError('bad-input', `preprocessor_config.json: ${what} are required, got something else`);

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const side = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;

const isColour = (value: unknown): value is [number, number, number] =>
  Array.isArray(value) && value.length === 3 && value.every((channel) => Number.isFinite(channel));
