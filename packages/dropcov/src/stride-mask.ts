import { checkPositiveWhole, Random } from '@covpool/base';
import { tensor1d, type Tensor1D } from '@tensorflow/tfjs-core';

/** How many are left out between two that are kept. */
export interface IntervalOptions {
  /** 1 keeps every second, 2 every third. */
  interval?: number;
}

/** Fills in the default and checks. */
export function resolveInterval(who: string, { interval = 1 }: IntervalOptions): Required<IntervalOptions> {
  checkPositiveWhole(who, 'interval', interval);
  return { interval };
}

/** A mask of ones `interval` places apart and zeros between them; where the first one stands is drawn from the seed. */
export function strideMask(length: number, interval: number, seed: number): Tensor1D {
  const phase = new Random(seed, 'stride-mask').integer(interval + 1);
  return tensor1d(Float32Array.from({ length }, (_, i) => (i % (interval + 1) === phase ? 1 : 0)));
}
