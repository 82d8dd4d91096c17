import { expectClose, expectCovpoolError, expectNoLeak, seededTensor, seededValues } from '@covpool/testing';
import { tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { describeWebgpu, run } from '../on-webgpu.fixture.ts';

describeWebgpu('the gradient of ReLU in WGSL', () => {
  describe('values', () => {
    it.each([[[3]], [[7, 101]]])('are those of dy where y is above 0: %j', async (shape) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const [dy, y] = ['dy', 'y'].map((name) => seededValues(size, name));
      const [dx] = run('ReluGrad', { dy: seededTensor(shape, 'dy'), y: seededTensor(shape, 'y') });
      // A number of a seed reaches the device rounded to float32 once.
      await expectClose(
        dx!,
        dy!.map((value, i) => (y![i]! > 0 ? Math.fround(value) : 0)),
        { relative: 0 },
      );
    });

    it('is nothing where y is 0', async () => {
      const [dx] = run('ReluGrad', { dy: tensor([5, 6, 7]), y: tensor([0, -0, 2]) });
      await expectClose(dx!, [0, 0, 7], { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('shapes that differ', () =>
      expectCovpoolError(
        () => run('ReluGrad', { dy: zeros([2]), y: tensor([1]) }),
        'bad-argument',
        /reluGrad: .* one shape .* got \[2\] and \[1\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but its result', () => {
      const [dy, y] = [zeros([3]), zeros([3])];
      return expectNoLeak(() => tidy(() => void run('ReluGrad', { dy, y })));
    });
  });
});
