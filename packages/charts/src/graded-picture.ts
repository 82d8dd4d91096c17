import { checkArgument } from '@covpool/base';
import { checkFinite } from './check.ts';

/** A picture and what a network says about it. */
export interface GradedPicture {
  /** A PNG file, as from `pngOfPicture`. */
  png: Uint8Array;
  /** The true class, if it is known. */
  truth?: string;
  /** Classes and their probabilities in 0…1, the most probable first. */
  predictions: readonly { label: string; probability: number }[];
}

export function checkPicture(who: string, { predictions }: GradedPicture, index: number): void {
  checkArgument(
    predictions.length > 0,
    () => `${who}: every picture needs a prediction, got none for picture ${index}`,
  );
  for (const { label, probability } of predictions) {
    checkFinite(who, () => `the probability of '${label}' in picture ${index}`, probability);
    checkArgument(
      probability >= 0 && probability <= 1,
      () => `${who}: probabilities must be in 0…1, got ${probability} for '${label}' in picture ${index}`,
    );
  }
}

/** Whether the most probable class is the true one; undefined where the truth is not known. */
export function isRight({ truth, predictions }: GradedPicture): boolean | undefined {
  return truth === undefined ? undefined : predictions[0]?.label === truth;
}

/** One line on the picture for those who cannot see it. */
export function describePicture(picture: GradedPicture): string {
  const right = isRight(picture);
  const guess = picture.predictions[0]!.label;
  if (right === undefined) return `predicted ${guess}`;
  return right ? `${guess}, recognised` : `${picture.truth}, mistaken for ${guess}`;
}
