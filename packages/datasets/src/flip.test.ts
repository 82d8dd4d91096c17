import { Random } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { flipHorizontally, flipVertically, randomHorizontalFlip, randomVerticalFlip } from './flip.ts';
import { mapPicture, pixel } from './testing.fixture.ts';

const picture = mapPicture(5, 3, 1);

describe('flip: values', () => {
  it('mirrors', () => {
    expect(pixel(flipHorizontally(picture), 0, 2)).toEqual([4, 2, 1]);
    expect(pixel(flipVertically(picture), 0, 2)).toEqual([0, 0, 1]);
  });
});

describe('flip: properties', () => {
  it.each([
    ['horizontal', flipHorizontally],
    ['vertical', flipVertically],
  ])('%s twice is nothing', (_, flip) => {
    expect(flip(flip(picture))).toEqual(picture);
  });

  it.each([
    ['horizontal', randomHorizontalFlip],
    ['vertical', randomVerticalFlip],
  ])('%s comes with its probability', (_, flip) => {
    const share = (probability: number | undefined) => {
      const random = new Random(3);
      let flipped = 0;
      for (let i = 0; i < 2000; i++) if (flip(picture, random, { probability }) !== picture) flipped++;
      return flipped / 2000;
    };
    expect([share(0), share(1)]).toEqual([0, 1]);
    // Five standard deviations of a share of 2000: 5 * sqrt(p * (1 - p) / 2000).
    expect(Math.abs(share(undefined) - 0.5)).toBeLessThan(0.056);
    expect(Math.abs(share(0.2) - 0.2)).toBeLessThan(0.045);
  });
});
