import { modelState } from '@covpool/core';
import { describeEngines, expectClose, expectNoLeak, numericGradient, seededTensor } from '@covpool/testing';
import { grad, mul, type Scalar, sum, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Deconvolution } from './deconvolution.ts';

const shape = [2, 2, 3, 4];

/** `y[2i+a, 2j+b, f] = Σ_c W[a,b,f,c]·x[i,j,c]`, bias 0, one value at a time. */
function oracle(x: ArrayLike<number>, weight: ArrayLike<number>, filters: number): number[] {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const y = new Array<number>(batch * 4 * height * width * filters).fill(0);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < 2 * height; i++) {
      for (let j = 0; j < 2 * width; j++) {
        const from = ((b * height + (i >> 1)) * width + (j >> 1)) * channels;
        for (let f = 0; f < filters; f++) {
          const tap = (((i % 2) * 2 + (j % 2)) * filters + f) * channels;
          const at = ((b * 2 * height + i) * 2 * width + j) * filters + f;
          for (let c = 0; c < channels; c++) y[at]! += weight[tap + c]! * x[from + c]!;
        }
      }
    }
  }
  return y;
}

describeEngines('Deconvolution', () => {
  const make = () => {
    const layer = new Deconvolution({ name: 'up', filters: 5 });
    const x = seededTensor(shape, 'deconvolution');
    layer.apply(x);
    return { layer, x };
  };

  describe('values', () => {
    it('makes four positions of one', async () => {
      const { layer, x } = make();
      const y = layer.apply(x) as Tensor;
      expect(y.shape).toEqual([2, 4, 6, 5]);
      await expectClose(y, oracle(await x.data(), await layer.getWeights()[0]!.data(), 5));
    });
  });

  describe('properties', () => {
    it("has PyTorch's names and layout, and weights as He et al. draw them", async () => {
      const layer = new Deconvolution({ name: 'up', filters: 64 });
      layer.build([null, null, null, 64]);
      const [weight, bias] = modelState(layer);
      expect([weight!.name, bias!.name]).toEqual(['up.weight', 'up.bias']);
      // [in,out,2,2] there, [2,2,out,in] here.
      expect(weight!.toTorch).toEqual([3, 2, 0, 1]);
      let squares = 0;
      const values = await layer.getWeights()[0]!.data();
      for (const value of values) squares += value * value;
      // Five standard errors of a deviation.
      const error = 5 / Math.sqrt(2 * values.length);
      expect(Math.abs(Math.sqrt(squares / values.length) / Math.sqrt(2 / 256) - 1)).toBeLessThan(error);
    });
  });

  describe('gradient', () => {
    it('agrees with central differences', async () => {
      const { layer, x } = make();
      const weight = await layer.getWeights()[0]!.data();
      const direction = seededTensor([2, 4, 6, 5], 'direction');
      const along = await direction.data();
      const value = (values: number[]) => oracle(values, weight, 5).reduce((total, y, i) => total + y * along[i]!, 0);
      const found = grad((input: Tensor) => sum(mul(layer.apply(input) as Tensor, direction)) as Scalar)(x);
      await expectClose(found, numericGradient(value, await x.data()));
    });
  });

  describe('memory', () => {
    it('leaks nothing', () => {
      const { layer, x } = make();
      return expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
    });
  });
});
