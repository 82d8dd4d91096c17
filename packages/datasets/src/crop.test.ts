import { Random } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { centerCrop, crop, randomCrop } from './crop.ts';
import { resizeShorterSide } from './resize-shorter-side.ts';
import { mapPicture, pixel } from './testing.fixture.ts';

const corners = (picture: ReturnType<typeof crop>) => [
  pixel(picture, 0, 0),
  pixel(picture, picture.width - 1, picture.height - 1),
];

describe('crop: values', () => {
  it('takes a part', () => {
    expect(corners(crop(mapPicture(10, 8), 2, 3, 4, 5))).toEqual([
      [2, 3, 0],
      [5, 7, 0],
    ]);
  });

  it('is black outside', () => {
    const part = crop(mapPicture(4, 4, 9), -1, -2, 3, 4);
    expect([pixel(part, 0, 3), pixel(part, 1, 1), pixel(part, 1, 2)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 9],
    ]);
    expect(Math.max(...crop(mapPicture(4, 4, 9), 7, 0, 2, 2).data)).toBe(0);
  });
});

describe('centerCrop: values', () => {
  it('scales 500x375 to 341x256 and crops 224 from (58, 16), as the recipes do', () => {
    const scaled = resizeShorterSide(mapPicture(500, 375), { size: 256 });
    expect([scaled.width, scaled.height]).toEqual([341, 256]);
    expect(corners(centerCrop(mapPicture(341, 256), { size: 224 }))[0]).toEqual([58 % 256, 16, 0]);
  });

  it('scales an upright picture by its width', () => {
    const { width, height } = resizeShorterSide(mapPicture(375, 500), { size: 256 });
    expect([width, height]).toEqual([256, 341]);
  });

  it('rounds a half up where that is even', () => {
    expect(pixel(centerCrop(mapPicture(7, 7), { size: 4 }), 0, 0)).toEqual([2, 2, 0]);
  });

  it('pads what is too small', () => {
    const padded = centerCrop(mapPicture(2, 7, 5), { size: 5 });
    expect([pixel(padded, 0, 0), pixel(padded, 1, 0), pixel(padded, 2, 4), pixel(padded, 3, 4)]).toEqual([
      [0, 0, 0],
      [0, 1, 5],
      [1, 5, 5],
      [0, 0, 0],
    ]);
  });
});

describe('randomCrop: properties', () => {
  it('reaches every place, and no other', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const part = randomCrop(mapPicture(6, 5, 1), new Random(i), { size: 4 });
      const [x, y] = pixel(part, 0, 0) as [number, number];
      expect(pixel(part, 3, 3)).toEqual([x + 3, y + 3, 1]);
      seen.add(`${x},${y}`);
    }
    expect([...seen].sort()).toEqual(['0,0', '0,1', '1,0', '1,1', '2,0', '2,1']);
  });

  it('pads on every side', () => {
    const black = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const part = randomCrop(mapPicture(4, 4, 1), new Random(i), { size: 4, padding: 1 });
      for (const [x, y] of [
        [0, 1],
        [3, 1],
        [1, 0],
        [1, 3],
      ] as const)
        if (pixel(part, x, y)[2] === 0) black.add(`${x},${y}`);
    }
    expect(black.size).toBe(4);
  });
});

describe('crop: rejects', () => {
  it('a picture smaller than the crop', () => {
    expect(() => randomCrop(mapPicture(4, 9), new Random(0), { size: 6 })).toThrow(
      'randomCrop: a picture of at least 6x6 is required, got 4x9 with padding 0; resize it first or pad more',
    );
  });

  it('an empty part', () => {
    expect(() => crop(mapPicture(4, 4), 0, 0, 0, 2)).toThrow('crop: width and height must be positive');
  });
});
