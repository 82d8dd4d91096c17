import { describe, expect, it } from 'vitest';
import { epochOrder } from './epoch-order.ts';

describe('epochOrder: properties', () => {
  it('visits every sample once', () => {
    expect([...epochOrder(50, 3, 1, true)].sort((a, b) => a - b)).toEqual([...epochOrder(50, 3, 1, false)]);
  });

  it('is a function of seed and epoch', () => {
    expect(epochOrder(50, 3, 1, true)).toEqual(epochOrder(50, 3, 1, true));
    expect(epochOrder(50, 4, 1, true)).not.toEqual(epochOrder(50, 3, 1, true));
    expect(epochOrder(50, 3, 2, true)).not.toEqual(epochOrder(50, 3, 1, true));
    expect(epochOrder(50, 4, 1, false)).toEqual(epochOrder(50, 3, 2, false));
  });
});
