import { describe, expect, it } from 'vitest';
import { paddedSize, scaledSize } from './scaled-size.ts';

const coco = { long: 1333, short: 800 };

describe('scaledSize and paddedSize', () => {
  // Detection specification, section 11, invariant 3.
  it.each([
    [640, 480, 1067, 800, 1088, 800],
    [500, 375, 1067, 800, 1088, 800],
    [640, 427, 1199, 800, 1216, 800],
    [1000, 300, 1333, 400, 1344, 416],
  ])('%sx%s becomes %sx%s, padded %sx%s', (width, height, toWidth, toHeight, padWidth, padHeight) => {
    const size = scaledSize(width, height, coco);
    expect(size).toEqual({ width: toWidth, height: toHeight });
    expect(paddedSize(size, 32)).toEqual({ width: padWidth, height: padHeight });
    expect(scaledSize(height, width, coco)).toEqual({ width: toHeight, height: toWidth });
  });

  it('never makes a side vanish', () => {
    expect(scaledSize(10_000, 1, coco)).toEqual({ width: 1333, height: 1 });
    expect(scaledSize(1, 1, coco)).toEqual({ width: 800, height: 800 });
  });

  it('refuses sizes that are none', () => {
    expect(() => scaledSize(0, 5, coco)).toThrow('width and height must be positive whole numbers, got 0x5');
    expect(() => scaledSize(5, 5, { long: 0, short: 8 })).toThrow('long and short must be positive numbers, got 0');
    expect(() => paddedSize({ width: 5, height: 5 }, 0)).toThrow('divisor must be a positive whole number, got 0');
  });
});
