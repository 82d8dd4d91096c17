import type { ErrorCode } from '@covpool/base';
import type { PictureSource } from './picture-source.ts';
import type { SampleRecipe, Samples } from './sample-maker.ts';

/** What a worker thread is started with. */
export interface WorkerStart {
  source: PictureSource;
  recipe: SampleRecipe;
}

export interface SampleRequest {
  id: number;
  epoch: number;
  indices: readonly number[];
}

/** Samples to make, or null: finish what is under way and end. */
export type WorkerRequest = SampleRequest | null;

export type WorkerReply =
  | { id: number; samples: Samples }
  /** Errors cross threads as text, since a structured clone loses the class. */
  | { id: number; error: { code: ErrorCode; message: string } };
