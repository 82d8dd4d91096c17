import { expectClose, seededTensor, describeEngines } from '@covpool/testing';
import { add, matMul, reshape, slice, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gcpProjection, isqrtCov, modelState, secondOrderHead, triuVectorize } from './index.ts';

describeEngines('secondOrderHead over packages', () => {
  describe('values', () => {
    it('with iSQRT are the variant of one covariance: linear map, covariance, 3 iterations, triangle (spec 6.5)', async () => {
      const dim = gcpProjection(2, 3);
      expect(dim).toBe(6);
      const head = secondOrderHead({
        name: 'classifier',
        classes: 4,
        projection: dim,
        pooling: { name: 'isqrt', iterations: 3 },
      });
      const x = seededTensor([2, 10, 8], 'tokens');
      const logits = head.apply(x) as Tensor;
      const state = new Map(modelState(head).map(({ name, variable }) => [name, variable.read() as Tensor2D]));
      const linear = (name: string, rows: Tensor): Tensor2D =>
        add(matMul(rows as Tensor2D, state.get(`classifier.${name}.weight`)!), state.get(`classifier.${name}.bias`)!);
      const patches = slice(x, [0, 1, 0], [2, 9, 8]);
      const reduced = reshape(linear('dr', reshape(patches, [18, 8])), [2, 9, dim]);
      const z = triuVectorize(isqrtCov(reduced, { iterations: 3 }));
      const cls = reshape(slice(x, [0, 0, 0], [2, 1, 8]), [2, 8]);
      await expectClose(logits, await add(linear('visual_fc', z), linear('cls_fc', cls)).data());
    });
  });
});
