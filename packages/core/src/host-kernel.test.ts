import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import {
  engine,
  grad,
  type KernelBackend,
  mul,
  registerKernel,
  sum,
  type Tensor,
  tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { defineHostKernel } from './host-kernel.ts';

/** (∛a as float32, the bits of ∛a as float64): the second output keeps for the gradient what float32 would lose. */
const cubeRoot = defineHostKernel<{ a: Tensor }, Record<string, never>>({
  name: 'TestCubeRoot',
  who: 'cubeRoot',
  compute: ({ a }) => {
    const exact = Float64Array.from(a.values, Math.cbrt);
    return [
      { shape: a.shape, values: Float32Array.from(exact) },
      { shape: [...a.shape, 2], values: new Int32Array(exact.buffer) },
    ];
  },
  gradient: {
    inputs: [],
    outputs: [false, true],
    compute: ([dy], [bits]) => ({ a: () => cubeRootGradient({ dy: dy!, bits: bits! }, {})[0]! }),
  },
});

const cubeRootGradient = defineHostKernel<{ dy: Tensor; bits: Tensor }, Record<string, never>>({
  name: 'TestCubeRootGradient',
  who: 'cubeRoot',
  compute: ({ dy, bits }) => {
    const exact = new Float64Array((bits.values as Int32Array).slice().buffer);
    return [{ shape: dy.shape, values: Float32Array.from(dy.values, (g, i) => g / (3 * exact[i]! ** 2)) }];
  },
});

describeEngines('defineHostKernel', { host: true }, () => {
  describe('values', () => {
    it('computes on the values and returns every output', async () => {
      const [root, bits] = cubeRoot({ a: tensor([8, -27]) }, {});
      await expectClose(root!, [2, -3]);
      expect(bits!.shape).toEqual([2, 2]);
      expect([...new Float64Array(Int32Array.from(await bits!.data()).buffer)]).toEqual([2, -3]);
    });

    it('is one operation to the profiler', async () => {
      const profile = await engine().profile(() => cubeRoot({ a: tensor([8]) }, {})[0]!);
      expect(profile.kernelNames).toContain('TestCubeRoot');
    });
  });

  describe('gradient', () => {
    it('is the declared one and has the kept bits', async () => {
      const gradient = grad((a: Tensor) => sum(mul(cubeRoot({ a }, {})[0]!, 6)))(tensor([8, 27]));
      await expectClose(gradient, [2 / 4, 2 / 9]);
    });
  });

  describe('memory', () => {
    it('keeps nothing but its outputs', async () => {
      const a = tensor([8, 27]);
      await expectNoLeak(() => cubeRoot({ a }, {}).forEach((output) => output.dispose()));
      await expectNoLeak(() => grad((x: Tensor) => sum(cubeRoot({ a: x }, {})[0]!))(a).dispose());
    });
  });
});

describeEngines('defineHostKernel beside a form of the engine', (name) => {
  it('runs that form', async () => {
    const fixed = { backendName: name === 'tensorflow-gpu' ? 'tensorflow' : name, kernelName: 'TestOwnForm' };
    const own = defineHostKernel<{ a: Tensor }, Record<string, never>>({
      name: fixed.kernelName,
      who: 'ownForm',
      compute: () => [{ shape: [1], values: Float32Array.of(-1) }],
    });
    registerKernel({ ...fixed, kernelFunc: ({ inputs, backend }) => ownForm(inputs.a!, backend as KernelBackend) });
    await expectClose(own({ a: tensor([7]) }, {})[0]!, [7]);
  });
});

function ownForm({ dataId, shape, dtype }: TensorInfo, backend: KernelBackend): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
