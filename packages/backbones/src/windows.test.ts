import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fromWindows, intoWindows, shifted } from './windows.ts';

/** A map of one channel whose values are their places. */
const places = (height: number, width: number): Tensor4D =>
  tensor(
    Array.from({ length: height * width }, (_, i) => i),
    [1, height, width, 1],
  );

describeEngines('windows', () => {
  describe('values', () => {
    it('go row by row, positions inside of them, too', async () => {
      const windows = intoWindows(places(4, 6), 2);
      expect(windows.shape).toEqual([6, 4, 1]);
      await expectClose(
        windows,
        [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, 12, 13, 18, 19, 14, 15, 20, 21, 16, 17, 22, 23],
      );
    });

    it('of a shifted map come from further down and right, and around the borders', async () => {
      await expectClose(shifted(places(2, 3), [1, 2]), [5, 3, 4, 2, 0, 1]);
      await expectClose(shifted(places(2, 3), [0, -1]), [2, 0, 1, 5, 3, 4]);
    });
  });

  describe('properties', () => {
    it('put together are the map', async () => {
      const x = seededTensor([2, 6, 9, 2], 'map') as Tensor4D;
      const back = fromWindows(intoWindows(x, 3), 6, 9);
      expect(back.shape).toEqual(x.shape);
      await expectClose(back, await x.data(), { relative: 0 });
    });

    it('shifted back are where they were; whole turns change nothing', async () => {
      const x = seededTensor([2, 4, 5, 2], 'map') as Tensor4D;
      const values = await x.data();
      await expectClose(shifted(shifted(x, [3, 2]), [-3, -2]), values, { relative: 0 });
      await expectClose(shifted(x, [4, -5]), values, { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('puts each value where it came from', async () => {
      const g = seededTensor([8, 4, 1], 'g');
      const dx = grad((x: Tensor) => sum(mul(intoWindows(shifted(x as Tensor4D, [1, 1]), 2), g)))(
        seededTensor([2, 4, 4, 1], 'x'),
      );
      const expected = shifted(fromWindows(g as Tensor3D, 4, 4), [-1, -1]);
      await expectClose(dx, await expected.data(), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('maps that windows do not fill', () =>
      expectCovpoolError(
        () => intoWindows(places(4, 6), 4),
        'bad-argument',
        /^intoWindows: the sides of the map must be multiples of 4, got \[1,4,6,1\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = tensor(seededValues(16, 'x'), [1, 4, 4, 1]) as Tensor4D;
      await expectNoLeak(() => tidy(() => void fromWindows(intoWindows(shifted(x, [1, 1]), 2), 4, 4)));
      await expectNoLeak(() => shifted(x, [1, 0]).dispose());
    });
  });
});
