import type { Picture } from './picture.ts';

/** Labelled pictures by index. */
export interface Dataset {
  /** The class that label k stands for is `classes[k]`. */
  readonly classes: readonly string[];
  readonly length: number;
  label(index: number): number;
  /** What a person calls the sample, a path for instance. */
  name(index: number): string;
  read(index: number): Promise<Picture>;
}
