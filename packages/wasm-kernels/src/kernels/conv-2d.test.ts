import { expectCovpoolError, expectNoLeak, numericGradient } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { conv2d, engine, mul, sum, tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import type { Conv2DAttrs, NamedAttrMap, Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, expectLikeCpu, operand } from '../against-cpu.fixture.ts';

type Padding = Conv2DAttrs['pad'];
interface Case {
  x: [number, number, number, number];
  kernel: [number, number];
  filters: number;
  stride?: number;
  pad: Padding;
  dilation?: number;
}

const attributes = ({ stride = 1, pad, dilation = 1 }: Case): NamedAttrMap =>
  ({ strides: [stride, stride], pad, dilations: [dilation, dilation], dataFormat: 'NHWC' } as unknown as NamedAttrMap);
const filterShape = ({ x, kernel, filters }: Case): number[] => [...kernel, x[3], filters];
const forward =
  (c: Case) =>
  (x: Tensor, filter: Tensor): Tensor =>
    engine().runKernel('Conv2D', { x, filter }, attributes(c));
const inputGradient =
  (c: Case) =>
  (dy: Tensor, filter: Tensor): Tensor =>
    engine().runKernel('Conv2DBackpropInput', { dy, filter }, { ...attributes(c), inputShape: c.x });
const filterGradient =
  (c: Case) =>
  (x: Tensor, dy: Tensor): Tensor =>
    engine().runKernel('Conv2DBackpropFilter', { x, dy }, { ...attributes(c), filterShape: filterShape(c) });

async function outShape(c: Case): Promise<number[]> {
  return (await computeOn('wasm', forward(c), [operand(c.x, 'x'), operand(filterShape(c), 'filter')])).shape;
}

async function expectAllLikeCpu(c: Case): Promise<void> {
  const [x, filter] = [operand(c.x, 'x'), operand(filterShape(c), 'filter')];
  await expectLikeCpu(forward(c), [x, filter]);
  if ((c.dilation ?? 1) > 1) return; // the cpu backend's gradients know no dilation
  const dy = operand(await outShape(c), 'dy');
  await expectLikeCpu(inputGradient(c), [dy, filter]);
  await expectLikeCpu(filterGradient(c), [x, dy]);
}

const explicit: Padding = [[0, 0], [1, 2], [2, 0], [0, 0]]; // prettier-ignore
const fits = ({ x, kernel, pad, dilation = 1 }: Case): boolean =>
  pad !== 'valid' || ((kernel[0] - 1) * dilation < x[1] && (kernel[1] - 1) * dilation < x[2]);

const cases: Case[] = [];
for (const [height, width] of [[7, 9], [8, 8], [3, 12]] as const) // prettier-ignore
  for (const kernel of [[1, 1], [3, 3], [2, 5]] as [number, number][]) // prettier-ignore
    for (const [channels, filters] of [[1, 1], [3, 16], [16, 3], [5, 9]] as const) // prettier-ignore
      for (const stride of [1, 2, 3])
        for (const pad of ['same', 'valid', explicit] as const) {
          const x: Case['x'] = [stride === 2 ? 2 : 1, height, width, channels];
          cases.push({ x, kernel, filters, stride, pad });
          if (stride === 1) cases.push({ x, kernel, filters, pad, dilation: 2 });
        }

describeKinds(() => {
  describe('values', () => {
    it.each(cases.filter(fits))('like cpu, forward and both gradients: %j', expectAllLikeCpu);

    it('takes a filter that does not fit one block of the cache', () =>
      expectAllLikeCpu({ x: [1, 4, 4, 96], kernel: [3, 3], filters: 100, pad: 'same' }));

    it.each<Case>([
      { x: [2, 3, 5, 512], kernel: [1, 1], filters: 45, stride: 2, pad: 'valid' },
      { x: [1, 5, 5, 128], kernel: [3, 3], filters: 37, stride: 2, pad: 'same' },
      { x: [1, 3, 4, 256], kernel: [3, 3], filters: 40, pad: explicit, stride: 2 },
      { x: [3, 5, 3, 35], kernel: [2, 3], filters: 43, pad: 'same' },
      { x: [2, 5, 6, 35], kernel: [2, 3], filters: 43, pad: 'same', dilation: 2 },
    ])('packs patches, in several blocks and with remainders: %j', expectAllLikeCpu);

    it.each<Case>([
      { x: [2, 17, 17, 2], kernel: [2, 2], filters: 258, pad: 'same' },
      { x: [40, 3, 3, 10], kernel: [3, 3], filters: 12, pad: 'same' },
      { x: [7, 20, 20, 8], kernel: [1, 1], filters: 9, stride: 2, pad: 'valid' },
    ])('sums positions over several blocks: %j', expectAllLikeCpu);

    it.each<Case>([
      { x: [0, 5, 5, 3], kernel: [3, 3], filters: 4, pad: 'same' },
      { x: [1, 5, 5, 3], kernel: [3, 3], filters: 0, pad: 'same' },
      { x: [1, 5, 5, 0], kernel: [3, 3], filters: 4, pad: 'same' },
    ])('takes an empty side: %j', async (c) => {
      const [x, filter, dy] = [
        operand(c.x, 'x'),
        operand(filterShape(c), 'f'),
        operand([c.x[0], 5, 5, c.filters], 'dy'),
      ];
      const zeros = async (run: (...tensors: Tensor[]) => Tensor, ...operands: (typeof x)[]): Promise<void> =>
        expect(Array.from((await computeOn('wasm', run, operands)).values).every((value) => value === 0)).toBe(true);
      await zeros(forward(c), x, filter);
      await zeros(inputGradient(c), dy, filter);
      await zeros(filterGradient(c), x, dy);
    });
  });

  describe('properties', () => {
    it('agrees with cpu on any shape', () => {
      const small = fc.integer({ min: 1, max: 11 });
      const tap = fc.integer({ min: 1, max: 4 });
      const shape = fc.record({
        x: fc.tuple(fc.integer({ min: 1, max: 2 }), small, small, small),
        kernel: fc.tuple(tap, tap),
        filters: small,
        stride: fc.integer({ min: 1, max: 3 }),
        pad: fc.constantFrom<Padding>('same', 'valid', explicit),
      });
      return fc.assert(fc.asyncProperty(shape.filter(fits), expectAllLikeCpu), { numRuns: 40, seed: 2 });
    });

    it.each([
      [1, 2, 'same'],
      [1, 3, 'valid'],
      [1, 2, explicit],
    ] as const)(
      'the gradients are the adjoints: ⟨conv(x), dy⟩ = ⟨x, dx⟩ = ⟨filter, dfilter⟩ at stride %i, dilation %i, padding %j',
      async (stride, dilation, pad) => {
        const c: Case = { x: [2, 9, 11, 5], kernel: [3, 3], filters: 7, stride, dilation, pad: pad as Padding };
        const [x, filter, dy] = [operand(c.x, 'x'), operand(filterShape(c), 'f'), operand(await outShape(c), 'dy')];
        const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
          Array.from(a).reduce((total, value, index) => total + value * b[index]!, 0);
        const y = inner((await computeOn('wasm', forward(c), [x, filter])).values, dy.values);
        const dx = inner((await computeOn('wasm', inputGradient(c), [dy, filter])).values, x.values);
        const dfilter = inner((await computeOn('wasm', filterGradient(c), [x, dy])).values, filter.values);
        // Each inner product sums dy.length·45 products of three standard normals: scale √(45·dy.length).
        const limit = 1e-5 * Math.sqrt(45 * dy.values.length);
        expect(Math.abs(dx - y)).toBeLessThan(limit);
        expect(Math.abs(dfilter - y)).toBeLessThan(limit);
      },
    );
  });

  describe('gradient', () => {
    it('against central differences', async () => {
      const [x, filter] = [operand([1, 4, 5, 2], 'x'), operand([3, 3, 2, 3], 'f')];
      const loss = (a: Tensor, b: Tensor): Tensor => {
        const y = conv2d(a as Tensor4D, b as Tensor4D, 2, 'same');
        return sum(mul(y, y));
      };
      const at = (index: number) => (values: number[]) =>
        tidy(() => {
          const operands = [x, filter].map((o, i) => tensor(i === index ? values : o.values, o.shape));
          return loss(operands[0]!, operands[1]!).dataSync()[0]!;
        });
      const { grads } = valueAndGrads(loss as (...args: Tensor[]) => Scalar)(
        [x, filter].map((o) => tensor(o.values, o.shape)),
      );
      for (const [index, gradient] of grads.entries()) {
        // A quadratic loss has exact central differences; what remains is float32 noise, 2⁻²³·loss / step.
        const step = 0.25;
        const noise = (8 * 2 ** -23 * at(index)([x, filter][index]!.values)) / step;
        const numeric = numericGradient(at(index), [x, filter][index]!.values, step);
        const values = await gradient!.data();
        numeric.forEach((value, i) => expect(Math.abs(values[i]! - value)).toBeLessThan(noise));
      }
    });
  });

  describe('rejects', () => {
    const inputs = () => ({ x: tensor([1, 2, 3, 4], [1, 2, 2, 1]), filter: tensor([1], [1, 1, 1, 1]) });

    it('channels first', () => {
      const attrs = { strides: 1, pad: 'same', dilations: 1, dataFormat: 'NCHW' };
      return expectCovpoolError(() => engine().runKernel('Conv2D', inputs(), attrs), 'unsupported', /NHWC/);
    });

    it('the input gradient of strides with dilations', () => {
      const attrs = { strides: [2, 2], dilations: [2, 2], pad: 'same', dataFormat: 'NHWC', inputShape: [1, 4, 4, 1] };
      const { x: dy, filter } = inputs();
      const run = (): unknown => engine().runKernel('Conv2DBackpropInput', { dy, filter }, attrs);
      return expectCovpoolError(run, 'unsupported', /strides or dilations/);
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [x, w] = [tensor([1, 2, 3, 4], [1, 2, 2, 1]), tensor([1, 2, 3, 4], [2, 2, 1, 1])];
      return expectNoLeak(() =>
        tidy(() => void valueAndGrads((a, b) => sum(conv2d(a as Tensor4D, b as Tensor4D, 1, 'same')))([x, w])),
      );
    });
  });
});
