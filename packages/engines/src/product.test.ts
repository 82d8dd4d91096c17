import { describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { matMul, reshape, type Tensor, transpose } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';

const [rows, inner, columns] = [3, 640, 1024];

/** left · rightᵀ by definition, in float64. */
async function oracle(left: Tensor, right: Tensor): Promise<number[]> {
  const [a, b] = [await left.data(), await right.data()];
  return Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[i * inner + k]! * b[j * inner + k]!;
    return sum;
  });
}

describeEngines('a product of a few rows with a large side', () => {
  const left = (): Tensor => seededTensor([rows, inner], 'left');
  const right = (): Tensor => seededTensor([columns, inner], 'right');

  describe('values', () => {
    it('is by definition', async () => {
      const expected = await oracle(left(), right());
      await expectClose(matMul(left(), right(), false, true), expected);
      await expectClose(matMul(left(), transpose(right())), expected);
    });

    it('is the same with both sides transposed, and as a batch of one', async () => {
      const expected = await oracle(left(), right());
      await expectClose(matMul(transpose(left()), right(), true, true), expected);
      await expectClose(matMul(reshape(left(), [1, rows, inner]), right(), false, true), expected);
    });
  });

  describe('memory', () => {
    it('leaks nothing', async () => {
      const [a, b] = [left(), right()];
      await expectNoLeak(() => matMul(a, b, false, true).dispose());
    });
  });
});
