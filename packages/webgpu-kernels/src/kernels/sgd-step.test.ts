import { expectClose, expectCovpoolError, expectNoLeak, seededTensor, seededValues } from '@covpool/testing';
import { tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, run } from '../on-webgpu.fixture.ts';

const attributes = { lr: 0.1, momentum: 0.9, weightDecay: 0.01 };
const operands = (shape: number[]) => ({
  weight: seededTensor(shape, 'weight'),
  gradient: seededTensor(shape, 'gradient'),
  velocity: seededTensor(shape, 'velocity'),
});

describeWebgpu('a step of gradient descent in WGSL', () => {
  describe('values', () => {
    it.each([[[3]], [[7, 101]]])('are those of the formula: %j', async (shape) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const [w, g, v] = ['weight', 'gradient', 'velocity'].map((name) => seededValues(size, name));
      const moved = v!.map((value, i) => 0.9 * value + g![i]! + 0.01 * w![i]!);
      const [weight, velocity] = run('SgdStep', operands(shape), attributes);
      // Three roundings each.
      const limit = { relative: 3 * 2 ** -24 };
      await expectClose(velocity!, moved, limit);
      await expectClose(
        weight!,
        w!.map((value, i) => value - 0.1 * moved[i]!),
        limit,
      );
    });
  });

  describe('properties', () => {
    it('what it is given keeps its numbers', async () => {
      const given = operands([5]);
      run('SgdStep', given, attributes);
      expect([...(await given.weight.data())]).toEqual(seededValues(5, 'weight'));
      expect([...(await given.velocity.data())]).toEqual(seededValues(5, 'velocity'));
    });
  });

  describe('rejects', () => {
    it('shapes that differ', () =>
      expectCovpoolError(
        () => run('SgdStep', { weight: zeros([2]), gradient: tensor([1]), velocity: zeros([2]) }, attributes),
        'bad-argument',
        /sgdStep: .* one shape .* got \[2\], \[1\] and \[2\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but its results', () => {
      const given = operands([3]);
      return expectNoLeak(() => tidy(() => void run('SgdStep', given, attributes)));
    });
  });
});
