import { describe, expect, it } from 'vitest';
import { batchOrder } from './batch-order.ts';

const wide = Array.from({ length: 23 }, (_, i) => i % 3 !== 0);
const order = (epoch: number, shuffle = true, batchSize = 4) =>
  batchOrder(wide, { batchSize, epoch, seed: 7, shuffle });

describe('batchOrder', () => {
  it('never mixes wide pictures with others, and shows all', () => {
    for (const batches of [order(0), order(1), order(0, false)]) {
      for (const batch of batches) expect(new Set(batch.map((index) => wide[index])).size).toBe(1);
      expect(new Set(batches.flat())).toEqual(new Set(wide.keys()));
    }
  });

  it('fills batches up when it shuffles, and keeps the order when not', () => {
    // 8 and 15 pictures in batches of 4: 2 + 4 batches, the last short of one.
    expect(order(0).map((batch) => batch.length)).toEqual([4, 4, 4, 4, 4, 4]);
    expect(order(0, false).map((batch) => batch.length)).toEqual([4, 4, 4, 4, 4, 3]);
    expect(order(0, false).flat()).toEqual([...wide.keys()].sort((a, b) => Number(wide[a]) - Number(wide[b]) || a - b));
    expect(batchOrder([true], { batchSize: 3, epoch: 0, seed: 0, shuffle: true })).toEqual([[0, 0, 0]]);
    expect(batchOrder([], { batchSize: 3, epoch: 0, seed: 0, shuffle: true })).toEqual([]);
  });

  it('is a function of seed and epoch', () => {
    expect(order(3)).toEqual(order(3));
    expect(order(4)).not.toEqual(order(3));
    expect(batchOrder(wide, { batchSize: 4, epoch: 3, seed: 8, shuffle: true })).not.toEqual(order(3));
  });
});
