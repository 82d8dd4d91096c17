import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import { add, addN, engine, grad, grads, mul, pow, square, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { defineKernel } from './define-kernel.ts';

let calls = 0;

/** (a² + k·b, a): two outputs, the first with intermediates. */
const squareAndAdd = defineKernel<{ a: Tensor; b: Tensor }, { k: number }>({
  name: 'TestSquareAndAdd',
  composed: ({ a, b }, { k }) => {
    calls++;
    return [add(square(a), mul(b, k)), mul(a, 1)];
  },
  gradient: {
    inputs: ['a'],
    outputs: [false, false],
    compute: ([dy, dcopy], [a], { k }) => ({
      a: () => add(mul(mul(dy!, a!), 2), dcopy!),
      b: () => mul(dy!, k),
    }),
  },
});

/** (a, a, a², a³, …), as many as asked for. */
const powers = defineKernel<{ a: Tensor }, { count: number }>({
  name: 'TestPowers',
  composed: ({ a }, { count }) => [mul(a, 1), ...Array.from({ length: count }, (_, k) => pow(a, k + 1))],
  gradient: {
    inputs: [],
    outputs: [false, true],
    compute: ([dy], saved) => ({ a: () => addN([dy!, ...saved]) }),
  },
});

/** 2a, made by whom: the processor, or operations. */
let made = '';
const twice = defineKernel<{ a: Tensor }, Record<string, never>>({
  name: 'TestTwice',
  composed: ({ a }) => {
    made = 'composed';
    return [mul(a, 2)];
  },
  host: ({ a }) => {
    made = 'host';
    return [{ shape: a.shape, values: Float32Array.from(a.values, (value) => 2 * value) }];
  },
});

describeEngines('defineKernel', (engineName) => {
  describe('values', () => {
    it('runs its composed form on a backend that has none of its own', async () => {
      const before = calls;
      const [y, copy] = squareAndAdd({ a: tensor([2, 3]), b: tensor([1, 1]) }, { k: 10 });
      await expectClose(y!, [14, 19]);
      await expectClose(copy!, [2, 3]);
      expect(calls).toBe(before + 1);
    });

    it('runs its host form where the processor reads the memory', async () => {
      await expectClose(twice({ a: tensor([1, -2, 0.5]) }, {})[0]!, [2, -4, 1]);
      expect(made).toBe(/webgpu|webgl/.test(engineName) ? 'composed' : 'host');
    });

    it('is one operation to the profiler', async () => {
      const profile = await engine().profile(() => squareAndAdd({ a: tensor([2]), b: tensor([1]) }, { k: 1 })[0]!);
      expect(profile.kernelNames).toContain('TestSquareAndAdd');
    });
  });

  describe('gradient', () => {
    it('is the declared one, every output counted', async () => {
      const [da, db] = grads((a: Tensor, b: Tensor) => {
        const [y, copy] = squareAndAdd({ a, b }, { k: 10 });
        return sum(add(y!, mul(copy!, 5)));
      })([tensor([2, 3]), tensor([1, 1])]);
      await expectClose(da!, [9, 11]);
      await expectClose(db!, [10, 10]);
    });

    it('is given all outputs from the last flag on', async () => {
      const gradient = (count: number) => grad((a: Tensor) => sum(powers({ a }, { count })[0]!))(tensor([2]));
      await expectClose(gradient(1), [1 + 2]);
      await expectClose(gradient(4), [1 + 2 + 4 + 8 + 16]);
    });

    it('takes zeros for an output that nothing uses', async () => {
      const [da] = grads((a: Tensor, b: Tensor) => sum(squareAndAdd({ a, b }, { k: 10 })[0]!))([
        tensor([2]),
        tensor([1]),
      ]);
      await expectClose(da!, [4]);
    });
  });

  describe('memory', () => {
    it('frees what the composed form makes on the way', async () => {
      const [a, b] = [tensor([1]), tensor([2])];
      await expectNoLeak(() => {
        for (const output of squareAndAdd({ a, b }, { k: 2 })) output.dispose();
      });
    });
  });
});
