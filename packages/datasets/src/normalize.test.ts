import { describe, expect, it } from 'vitest';
import { normalize } from './normalize.ts';

const picture = { width: 2, height: 1, data: Uint8Array.from([0, 51, 255, 255, 102, 0]) };

describe('normalize: values', () => {
  it('scales to 0..1', () => {
    expect([...normalize(picture)]).toEqual([0, 0.2, 1, 1, 0.4, 0].map(Math.fround));
  });

  it("is torchvision's ToTensor and Normalize in single precision", () => {
    const values = normalize(picture, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    // (0 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (1 - 0.406) / 0.225, …; three roundings of float32.
    const exact = [-2.1179039301, -1.1428571429, 2.64, 2.2489082969, -0.25, -1.8044444444];
    for (const [i, value] of exact.entries()) expect(Math.abs(values[i]! - value)).toBeLessThan(3 * 2 ** -23 * 2.7);
  });
});

describe('normalize: rejects', () => {
  it('a mean or std that cannot be', () => {
    expect(() => normalize(picture, [0, NaN, 0])).toThrow(
      'normalize: mean must be three finite numbers, got [0,NaN,0]',
    );
    expect(() => normalize(picture, [0, 0] as never)).toThrow('mean must be three finite numbers, got [0,0]');
    expect(() => normalize(picture, undefined, [1, 0, 1])).toThrow('std must be three positive numbers, got [1,0,1]');
  });
});
