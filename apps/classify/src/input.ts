import type { Preprocessing } from '@covpool/backbones';
import type { TransformSpec } from '@covpool/datasets';
import type { TrainConfig } from './config.ts';

/** How a picture becomes a network's input; travels with the trained network. */
export interface InputRecipe {
  /** Side of the square input in pixels. */
  size: number;
  /** The shorter side that a picture is scaled to before the centre crop. */
  resize: number;
  filter: 'bilinear' | 'bicubic';
  mean: [number, number, number];
  std: [number, number, number];
}

/** What a backbone expects, at the side that was asked for. */
export function inputRecipe({ cropFraction, interpolation, mean, std }: Preprocessing, size: number): InputRecipe {
  return { size, resize: Math.round(size / cropFraction), filter: interpolation, mean, std };
}

/** Scale, then the centre: what evaluation and prediction see. */
export function evaluationTransforms({ size, resize, filter }: InputRecipe): TransformSpec[] {
  return [
    { name: 'resize-shorter-side', size: resize, filter },
    { name: 'center-crop', size },
  ];
}

/** What training sees, by the names of the configuration. */
export function trainingTransforms(
  input: InputRecipe,
  { augment, flips }: Pick<TrainConfig, 'augment' | 'flips'>,
): TransformSpec[] {
  const { size, resize, filter } = input;
  const crops: Record<TrainConfig['augment'], TransformSpec[]> = {
    crop: [
      { name: 'resize-shorter-side', size: resize, filter },
      { name: 'random-crop', size },
    ],
    'resized-crop': [{ name: 'random-resized-crop', size, filter }],
    none: evaluationTransforms(input),
  };
  const mirrored: Record<TrainConfig['flips'], TransformSpec[]> = {
    both: [{ name: 'horizontal-flip' }, { name: 'vertical-flip' }],
    horizontal: [{ name: 'horizontal-flip' }],
    none: [],
  };
  return [...crops[augment], ...mirrored[flips]];
}
