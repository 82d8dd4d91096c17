import { expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { einsum, grads, mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeKinds, expectLikeCpu, operand } from '../against-cpu.fixture.ts';

/** Equations with the shapes of their terms. */
const equations: [string, ...number[][]][] = [
  ['ij,jk->ik', [3, 4], [4, 5]],
  ['ij,kj->ki', [3, 4], [5, 4]],
  ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
  ['bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]],
  ['abc,cde->abde', [2, 3, 4], [4, 2, 3]],
  ['i,j->ij', [3], [4]],
  ['i,i->', [5], [5]],
  ['ij,ij->ij', [3, 4], [3, 4]],
  ['bij,b->j', [2, 3, 4], [2]],
  ['ij->ji', [3, 4]],
  ['ijk->j', [2, 3, 4]],
  ['ij->', [3, 4]],
];

describeKinds(() => {
  describe('values', () => {
    it.each(equations)('%s', (equation, ...shapes) =>
      expectLikeCpu(
        (...terms) => einsum(equation, ...terms),
        shapes.map((shape, i) => operand(shape, 'einsum', i)),
      ),
    );

    it('ij,k->k, which the released backends give the wrong shape', async () => {
      const result = einsum('ij,k->k', tensor([1, 2, 3, 4], [2, 2]), tensor([1, 10, 100]));
      expect(result.shape).toEqual([3]);
      await expectClose(result, [10, 100, 1000]);
    });
  });

  describe('gradient', () => {
    it.each([...equations, ['ij,k->k', [3, 4], [5]] as (typeof equations)[number]])(
      'of %s',
      async (equation, ...shapes) => {
        const terms = shapes.map((shape, i) => seededTensor(shape, 'term', i));
        const result = einsum(equation, ...terms);
        const weights = seededTensor(result.shape, 'weights');
        const gradients = grads((...xs: Tensor[]) => sum(mul(einsum(equation, ...xs), weights)))(terms);
        for (const [i, x] of terms.entries()) {
          const values = await x.data();
          // Linear in each term: a difference of step 1 is the derivative, but for rounding.
          const along = (changed: ArrayLike<number>): Promise<number> => {
            const others = terms.map((term, j) => (j === i ? tensor(Array.from(changed), x.shape) : term));
            return sum(mul(einsum(equation, ...others), weights))
              .data()
              .then(([value]) => value!);
          };
          const base = await along(values);
          const expected: number[] = [];
          for (let at = 0; at < values.length; at++) {
            const changed = Array.from(values);
            changed[at]! += 1;
            expected.push((await along(changed)) - base);
          }
          await expectClose(gradients[i]!, expected, { absolute: 1e-5 });
        }
      },
    );
  });

  describe('rejects', () => {
    it('terms that do not fit, in the words of TensorFlow.js', () =>
      expect(() => einsum('ij,jk->ik', seededTensor([2, 3], 'a'), seededTensor([4, 2], 'b'))).toThrow(/dimension/));
  });

  describe('memory', () => {
    it('leaks no tensor', async () => {
      const [a, b] = [seededTensor([2, 3], 'a'), seededTensor([3, 4], 'b')];
      await expectNoLeak(() => einsum('ij,jk->ik', a, b).dispose());
      const gradients = grads((p: Tensor, q: Tensor) => sum(einsum('ij,jk->ik', p, q)));
      await expectNoLeak(() => gradients([a, b]).forEach((gradient) => gradient.dispose()));
    });
  });
});
