import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, sum, type Tensor, tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { d4Elements, d4Transform, d4Transforms } from './d4.ts';
import { pictureCopies } from './picture-copies.ts';

describeEngines('pictureCopies', () => {
  const picture = (): Tensor4D => seededTensor([2, 6, 6, 3], 'picture') as Tensor4D;

  describe('values', () => {
    it('without crops are the eight of D4', async () =>
      expectClose(pictureCopies(picture()), await d4Transforms(picture()).data(), { relative: 0 }));

    it('enlarge the middle of the picture with half-pixel centres', async () => {
      // Of 0 … 3 along each row the middle half is 1, 2: at four positions 1, 1.25, 1.75, 2.
      const x = tensor([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3], [1, 4, 4, 1]) as Tensor4D;
      const copies = await pictureCopies(x, { crops: [1, 0.5] }).data();
      expect(copies).toHaveLength(2 * 8 * 16);
      const row = [1, 1.25, 1.75, 2];
      await expectClose(copies.slice(128, 144), [...row, ...row, ...row, ...row]);
    });
  });

  describe('properties', () => {
    it('of a turned picture are the same, in another order within every crop', async () => {
      const sums = async (x: Tensor4D): Promise<number[]> => {
        const values = [...(await pictureCopies(x, { crops: [1, 0.7] }).data())];
        const size = values.length / 16;
        // A number for each copy that tells directions apart.
        const marks = Array.from({ length: 16 }, (_, i) =>
          values.slice(i * size, (i + 1) * size).reduce((total, value, j) => total + value * Math.sin(j), 0),
        );
        return [marks.slice(0, 8), marks.slice(8)].flatMap((part) => part.sort((p, q) => p - q));
      };
      const expected = await sums(picture());
      for (const g of d4Elements) await expectClose(await sums(d4Transform(picture(), g)), expected);
    });
  });

  describe('gradient', () => {
    it('of the sum is the number of copies everywhere for whole pictures, and keeps the sum for crops', async () => {
      const of = (crops: number[]): Tensor =>
        grad((x: Tensor) => sum(pictureCopies(x as Tensor4D, { crops })))(picture());
      await expectClose(of([1]), new Array<number>(216).fill(8));
      const total = [...(await of([0.5]).data())].reduce((p, q) => p + q, 0);
      expect(Math.abs(total - 8 * 216)).toBeLessThan(0.1);
    });
  });

  describe('rejects', () => {
    it('shares that are none', () =>
      expectCovpoolError(
        () => pictureCopies(picture(), { crops: [1, 1.2] }),
        'bad-argument',
        /shares above 0 and up to 1, got \[1,1.2\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = picture();
      await expectNoLeak(() => pictureCopies(x, { crops: [1, 0.5] }).dispose());
    });
  });
});
