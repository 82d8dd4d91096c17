import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, sum, type Tensor, type Tensor2D, type Tensor4D, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { deltasOfClass, mapsOfClass } from './of-class.ts';

const deltas = (): Tensor2D =>
  tensor(
    Array.from({ length: 24 }, (_, i) => i),
    [2, 12],
  );

describeEngines('outputs of one class', () => {
  describe('values', () => {
    it('are four deltas of each row', () =>
      expectClose(deltasOfClass(deltas(), Int32Array.of(1, 0)), [4, 5, 6, 7, 12, 13, 14, 15], { relative: 0 }));

    it('are one map of each box', async () => {
      const maps = seededTensor([2, 2, 3, 5], 'maps') as Tensor4D;
      const values = await maps.data();
      const chosen = mapsOfClass(maps, Int32Array.of(4, 2));
      expect(chosen.shape).toEqual([2, 2, 3]);
      await expectClose(
        chosen,
        Array.from({ length: 12 }, (_, i) => values[5 * i + (i < 6 ? 4 : 2)]!),
        { relative: 0 },
      );
    });
  });

  describe('properties', () => {
    it('without rows are none, with a gradient of none', async () => {
      const [none, rows] = [new Int32Array(), zeros([0, 12]) as Tensor2D];
      expect(deltasOfClass(rows, none).shape).toEqual([0, 4]);
      expect(mapsOfClass(zeros([0, 2, 3, 5]), none).shape).toEqual([0, 2, 3]);
      const slope = grad((x: Tensor) => deltasOfClass(x as Tensor2D, none))(rows, zeros([0, 4]));
      expect(slope.shape).toEqual([0, 12]);
    });
  });

  describe('gradient', () => {
    it('goes to the chosen class alone', async () => {
      const slope = grad((x: Tensor) => sum(deltasOfClass(x as Tensor2D, Int32Array.of(2, 0))))(deltas());
      await expectClose(slope, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      const maps = seededTensor([1, 1, 2, 3], 'maps') as Tensor4D;
      const mapSlope = grad((x: Tensor) => sum(mapsOfClass(x as Tensor4D, Int32Array.of(1))))(maps);
      await expectClose(mapSlope, [0, 1, 0, 0, 1, 0]);
    });
  });

  describe('rejects', () => {
    it('classes that are not one per row, or none of the outputs', async () => {
      for (const classes of [Int32Array.of(0), Int32Array.of(0, 3)]) {
        await expectCovpoolError(
          () => deltasOfClass(deltas(), classes),
          'bad-argument',
          /deltasOfClass: one class in \[0, 3\) for each of 2 rows is required/,
        );
      }
    });
  });

  describe('memory', () => {
    it('keep nothing but what they return', async () => {
      const given = deltas();
      await expectNoLeak(() => deltasOfClass(given, Int32Array.of(1, 0)).dispose());
    });
  });
});
