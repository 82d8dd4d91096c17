import { Random } from '@covpool/base';

/** The order in which an epoch visits the samples: 0, 1, 2 … or a shuffle of them that is a function of (seed, epoch). */
export function epochOrder(length: number, epoch: number, seed: number, shuffle: boolean): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  return shuffle ? new Random(seed, 'order', epoch).shuffle(order) : order;
}
