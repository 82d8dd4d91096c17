import { expectNoLeak } from '@covpool/testing';
import { scalar, tensor, variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeKinds } from '../against-cpu.fixture.ts';

describeKinds(() => {
  describe('values', () => {
    it.each(['float32', 'int32', 'bool'] as const)('of %s', async (dtype) => {
      const copy = tensor([1, 0, 1], [3], dtype).clone();
      expect(copy.dtype).toBe(dtype);
      expect(Array.from(await copy.data())).toEqual([1, 0, 1]);
    });
  });

  describe('properties', () => {
    it('outlives what it was made from', async () => {
      const x = tensor([1, 2, 3]);
      const copy = x.clone();
      x.dispose();
      expect(Array.from(await copy.data())).toEqual([1, 2, 3]);
    });

    it('stays as it is when a variable takes another value', async () => {
      const x = variable(tensor([1, 2]));
      const before = x.clone();
      x.assign(tensor([3, 4]));
      expect(Array.from(await before.data())).toEqual([1, 2]);
      expect(Array.from(await x.data())).toEqual([3, 4]);
    });
  });

  describe('memory', () => {
    it('takes none, and leaks no tensor', async () => {
      const x = scalar(1);
      const copy = x.clone();
      expect(copy.dataId).toBe(x.dataId);
      copy.dispose();
      await expectNoLeak(() => x.clone().dispose());
    });
  });
});
