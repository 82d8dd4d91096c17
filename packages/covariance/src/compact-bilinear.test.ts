import { pooling, withSeed } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  type Matrix,
  numericGradient,
  seededMatrix,
  seededTensor,
  tolerance,
  toMatrix,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, tensor1d, type Tensor3D, tidy, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompactBilinearPooling, compactBilinearPooling } from './compact-bilinear-pooling.ts';
import { compactBilinear } from './compact-bilinear.ts';
import { type CompactSketch, compactSketch } from './compact-sketch.ts';
import { tensorSketch } from './tensor-sketch.ts';

/** `CS(x)[k] = Σ_{h(i)=k} s(i) x(i)`. */
function countSketch(x: number[], h: Int32Array, s: Int32Array, size: number): number[] {
  const sketch = new Array<number>(size).fill(0);
  x.forEach((value, i) => (sketch[h[i]!]! += s[i]! * value));
  return sketch;
}

/** The real part of the inverse transform of the product of the transforms, by the definition of each. */
function fourierConvolution(a: number[], b: number[]): number[] {
  const size = a.length;
  const transform = (x: number[], sign: number): [number, number][] =>
    x.map((_, k) => {
      const angle = (j: number): number => (sign * 2 * Math.PI * j * k) / size;
      const part = (f: (angle: number) => number): number => x.reduce((total, v, j) => total + v * f(angle(j)), 0);
      return [part(Math.cos), part(Math.sin)];
    });
  const [fa, fb] = [transform(a, -1), transform(b, -1)];
  const re = fa.map(([p, q], k) => p * fb[k]![0] - q * fb[k]![1]);
  const im = fa.map(([p, q], k) => p * fb[k]![1] + q * fb[k]![0]);
  const [cosines, sines] = [transform(re, 1), transform(im, 1)];
  return cosines.map(([c], k) => (c - sines[k]![1]) / size);
}

const psi = (x: number[], { h1, h2, s1, s2, outputDim }: CompactSketch): number[] =>
  fourierConvolution(countSketch(x, h1, s1, outputDim), countSketch(x, h2, s2, outputDim));

const sketchOracle = (x: Matrix, sketch: CompactSketch): number[] =>
  x.map((row) => psi(row, sketch)).reduce((total, part) => total.map((value, k) => value + part[k]!));

function oracle(x: Matrix, sketch: CompactSketch): number[] {
  // A bin that nothing falls into is 0, which the transforms miss by their rounding.
  const sums = sketchOracle(x, sketch).map((p) => (Math.abs(p) < 1e-12 ? 0 : p));
  const roots = sums.map((p) => Math.sign(p) * Math.sqrt(Math.abs(p) + 1e-8));
  return roots.map((root) => root / Math.max(Math.hypot(...roots), 1e-12));
}

const inner = (a: number[], b: number[]): number => a.reduce((total, value, i) => total + value * b[i]!, 0);

const sketched = (x: Tensor, { h1, h2, s1, s2, outputDim }: CompactSketch): Tensor =>
  tidy(() => {
    const weight = (values: Int32Array) => tensor1d(values, 'float32');
    const hashes = { h1: weight(h1), h2: weight(h2), s1: weight(s1), s2: weight(s2) };
    return tensorSketch(x as Tensor3D, hashes, outputDim);
  });

describeEngines('compactBilinear', () => {
  describe('values', () => {
    it('go by signs into the bin of the sum of the hashes, around the end', () => {
      const hashes = { h1: [1, 4], h2: [2, 3], s1: [1, -1], s2: [1, 1] };
      const arrays = Object.fromEntries(Object.entries(hashes).map(([name, list]) => [name, Int32Array.from(list)]));
      const sketch = { ...(arrays as unknown as CompactSketch), outputDim: 5 };
      // Bins 3, 4, 1 and 2 of x₀x₀, x₀x₁, −x₁x₀ and −x₁x₁.
      return expectClose(sketched(tensor([2, 3], [1, 1, 2]), sketch), [0, -6, -9, 4, 6]);
    });

    it.each([
      [4, 5, 16],
      [3, 6, 7],
      [1, 3, 1],
    ])(
      'of %i positions, %i channels are the inverse transform of the product, D = %i (spec 9.3)',
      async (m, d, size) => {
        const x = seededTensor([2, m, d], 'sketch', m);
        const sketch = compactSketch(d, size, 5);
        const values = await x.data();
        const images = [values.slice(0, m * d), values.slice(m * d)].map((image) => toMatrix(image, d));
        await expectClose(
          sketched(x, sketch),
          images.flatMap((image) => sketchOracle(image, sketch)),
        );
        // √p amplifies the rounding of a sum that cancels.
        await expectClose(
          compactBilinear(x, sketch),
          images.flatMap((image) => oracle(image, sketch)),
          {
            relative: 20 * tolerance(),
          },
        );
      },
    );

    it('of nothing are zeros (spec 10)', () =>
      expectClose(compactBilinear(zeros([1, 4, 3]), compactSketch(3, 8, 0)), new Array<number>(8).fill(0), {
        relative: 0,
      }));

    it('are 8,192 of VGG-16’s 512 channels by default (spec 9.3)', async () => {
      expect(pooling('cbp').computeOutputShape([null, 28, 28, 512])).toEqual([null, 8192]);
      const x = seededTensor([1, 2, 512], 'vgg');
      const descriptor = compactBilinear(x, compactSketch(512, 8192, 1));
      expect(descriptor.shape).toEqual([1, 8192]);
      await expectClose(sum(mul(descriptor, descriptor)), [1]);
    });
  });

  describe('properties', () => {
    it('ignore the order of the positions and are linear in XᵀX', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 8 }),
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 20 }),
          fc.nat(1000),
          async (m, d, size, key) => {
            const rows = seededMatrix(m, d, key);
            const sketch = compactSketch(d, size, key);
            const twice = tensor([...rows, ...[...rows].reverse()].flat(), [1, 2 * m, d]);
            const once = await sketched(tensor(rows.flat(), [1, m, d]), sketch).data();
            await expectClose(
              sketched(twice, sketch),
              [...once].map((value) => 2 * value),
              { absolute: 1e-5 },
            );
          },
        ),
        { seed: 10, numRuns: 25 },
      ));

    it('train, save and reload, in groups too', async () => {
      const options = { outputDim: 32, name: 'pool', inputShape: [4, 4, 6] };
      await expectTrainsAndReloads(() => [pooling('cbp', { ...options, dim: 4 })], [4, 4, 6]);
      await expectTrainsAndReloads(() => [pooling('cbp', { ...options, groups: 2 })], [4, 4, 6]);
    });

    it('keep their hashes as weights that are not trained (spec 9.3)', async () => {
      const make = (seed: number): CompactBilinearPooling =>
        withSeed(seed, () => {
          const layer = compactBilinearPooling({ name: 'pool', outputDim: 64 });
          layer.build([null, 4, 4, 6]);
          return layer;
        });
      const [one, same, other] = [make(1), make(1), make(2)];
      expect(one.trainableWeights).toEqual([]);
      expect(one.stateEntries().map(({ name }) => name)).toEqual(['pool.h1', 'pool.h2', 'pool.s1', 'pool.s2']);
      const x = seededTensor([1, 4, 4, 6], 'hashes');
      const of = async (layer: CompactBilinearPooling): Promise<number[]> => [
        ...(await (layer.apply(x) as Tensor).data()),
      ];
      const expected = await of(one);
      expect(await of(same)).toEqual(expected);
      expect(await of(other)).not.toEqual(expected);
      other.setWeights(one.getWeights());
      expect(await of(other)).toEqual(expected);
      const [h1, , s1] = await Promise.all(one.getWeights().map((weight) => weight.data()));
      expect([...h1!].every((bin) => Number.isInteger(bin) && bin >= 0 && bin < 64)).toBe(true);
      expect([...s1!].every((sign) => Math.abs(sign) === 1)).toBe(true);
    });
  });

  describe('gradient', () => {
    it.each([
      [4, 3, 16],
      [3, 5, 6],
    ])('is the derivative of the definition, %i positions, %i channels, D = %i (spec 9.3)', async (m, d, size) => {
      const [x, g] = [seededTensor([1, m, d], 'x', m), seededTensor([1, size], 'g', size)];
      const [sketch, weights] = [compactSketch(d, size, 3), [...(await g.data())]];
      const along = (of: (at: Tensor) => Tensor): Tensor => grad((at: Tensor) => sum(mul(of(at), g)))(x);
      const values = await x.data();
      await expectClose(
        along((at) => sketched(at, sketch)),
        numericGradient((at) => inner(sketchOracle(toMatrix(at, d), sketch), weights), values),
      );
      await expectClose(
        along((at) => compactBilinear(at, sketch)),
        numericGradient((at) => inner(oracle(toMatrix(at, d), sketch), weights), values, 1e-5),
        { relative: 20 * tolerance() },
      );
    });

    it('is 0 where all features are 0 (spec 10)', () => {
      const sketch = compactSketch(2, 8, 0);
      const gradient = grad((x: Tensor) => sum(compactBilinear(x, sketch)))(zeros([1, 3, 2]));
      return expectClose(gradient, new Array<number>(6).fill(0), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('a sketch of other channels', () =>
      expectCovpoolError(
        () => compactBilinear(zeros([1, 2, 3]), compactSketch(4, 8, 0)),
        'bad-argument',
        /compactBilinear: the sketch must be of 3 channels as the features, got one of 4/,
      ));

    it('more bins than it can count', () =>
      expectCovpoolError(
        () => compactBilinearPooling({ name: 'pool', outputDim: 2 ** 24 }),
        'bad-argument',
        /pool: outputDim must be a whole number from 1 to 2\^23, got 16777216/,
      ));

    it('features without positions', () =>
      expectCovpoolError(
        () => compactBilinear(zeros([2, 3]), compactSketch(3, 8, 0)),
        'bad-argument',
        /compactBilinear: features must be/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, sketch] = [seededTensor([2, 4, 3], 'memory'), compactSketch(3, 8, 0)];
      await expectNoLeak(() => compactBilinear(x, sketch).dispose());
      await expectNoLeak(() => grad((features: Tensor) => sum(compactBilinear(features, sketch)))(x).dispose());
      await expectNoLeak(() => {
        const layer = compactBilinearPooling({ outputDim: 8 });
        (layer.apply(x) as Tensor).dispose();
        layer.dispose();
      });
    });
  });
});
