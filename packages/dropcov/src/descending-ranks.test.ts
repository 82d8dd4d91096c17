import { describeEngines, expectClose, expectNoLeak, seededTensor, seededValues } from '@covpool/testing';
import { type Rank, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ranksOf } from './ablation.fixture.ts';
import { descendingRanks } from './descending-ranks.ts';

describeEngines('descendingRanks', () => {
  describe('values', () => {
    it('count from the largest, in every row by itself', async () => {
      const ranks = descendingRanks(
        tensor2d([
          [3, -9, 1, 2],
          [0, 5, -1, 7],
        ]),
      );
      expect([...(await ranks.data())]).toEqual([0, 3, 2, 1, 2, 1, 3, 0]);
    });

    it('of equal values the first comes first', async () => {
      expect([...(await descendingRanks(tensor2d([[1, 2, 1, 2, 2, 0]])).data())]).toEqual([3, 0, 4, 1, 2, 5]);
    });
  });

  describe('properties', () => {
    it.each([1, 2, 2080, 32896])('rank %i values as a sort does', async (length) => {
      const values = seededValues(length, 'ranks');
      await expectClose(descendingRanks(tensor2d(values, [1, length])), ranksOf(values), { relative: 0 });
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, inside a tidy', async () => {
      const v = seededTensor<Rank.R2>([2, 9], 'v');

      await expectNoLeak(() => tidy(() => descendingRanks(v)).dispose());
    });
  });
});
