import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import { engine, fill, grad, type Tensor, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { assert, asyncProperty, constantFrom } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConventionsName } from './conventions.ts';
import { readGolden } from './golden.fixture.ts';
import { alignOnDevice, alignOnDeviceGradient } from './roi-align-composed.ts';
import { roiAlign, type RoiAlignOptions, type Rois } from './roi-align.ts';
import { roiAlignOracle } from './roi-align.oracle.fixture.ts';
import { roiTaps } from './roi-taps.ts';
import { wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  shape: [number, number, number, number];
  features: number[];
  boxes: number[];
  pictures: number[];
  size: [number, number];
  scale: number;
  slope: number[];
  cases: { aligned: boolean; samplingRatio: number; pooled: number[]; gradient: number[] }[];
}

const golden = readGolden<Golden>('roi-align');
const goldenRois: Rois = { boxes: Float32Array.from(golden.boxes), pictures: Int32Array.from(golden.pictures) };
const names: ConventionsName[] = ['mmdet2', 'mmdet1', 'torchvision'];

const inFirst = (...boxes: number[]): Rois => ({
  boxes: Float32Array.from(boxes),
  pictures: new Int32Array(boxes.length / 4),
});

/** f(y, x) = x. */
const ramp = (height: number, width: number): Tensor4D =>
  tensor4d(
    Array.from({ length: height * width }, (_, i) => i % width),
    [1, height, width, 1],
  );

const slopeOf = (features: Tensor4D, rois: Rois, options: RoiAlignOptions, weights: Tensor): Tensor =>
  grad((x: Tensor) => roiAlign(x as Tensor4D, rois, options))(features, weights);

describeEngines('roiAlign', () => {
  describe('values', () => {
    describe.each(golden.cases)('aligned $aligned, sampling ratio $samplingRatio', (given) => {
      const options: RoiAlignOptions = {
        ...golden,
        samplingRatio: given.samplingRatio,
        conventions: given.aligned ? 'mmdet2' : 'torchvision',
      };

      it('are torchvision’s', async () => {
        const features = tensor4d(golden.features, golden.shape);
        await expectClose(roiAlign(features, goldenRois, options), given.pooled);
      });

      it('have torchvision’s gradient', async () => {
        const features = tensor4d(golden.features, golden.shape);
        const slope = tensor4d(golden.slope, [goldenRois.pictures.length, ...golden.size, golden.shape[3]]);
        await expectClose(slopeOf(features, goldenRois, options, slope), given.gradient);
      });
    });

    it.each(names)('are those of the definition, by %s', async (conventions) => {
      const features = seededTensor([2, 6, 7, 3], 'features') as Tensor4D;
      const options: RoiAlignOptions = { size: [2, 3], scale: 1 / 8, conventions };
      const oracle = roiAlignOracle({ shape: features.shape, values: await features.data() }, goldenRois, options);
      await expectClose(roiAlign(features, goldenRois, options), oracle);
    });

    it('of the ramp f(y,x) = x are the middle of the bin (spec 11.4)', async () => {
      const [x1, x2, scale, bins] = [18, 50, 1 / 4, 7];
      const rois = inFirst(x1, 10, x2, 40);
      const pooled = (conventions: ConventionsName) =>
        roiAlign(ramp(16, 20), rois, { size: [1, bins], scale, conventions });
      const at = (start: number, width: number) =>
        Array.from({ length: bins }, (_, j) => start + ((j + 0.5) * width * scale) / bins);
      await expectClose(pooled('mmdet2'), at(x1 * scale - 0.5, x2 - x1));
      await expectClose(pooled('mmdet1'), at(x1 * scale, x2 + 1 - x1));
      await expectClose(pooled('torchvision'), at(x1 * scale, x2 - x1));
    });

    it.each(names)('of a constant map are the constant, by %s (spec 11.4)', async (conventions) => {
      const rois = inFirst(0, 0, 60, 44, 13.3, 9.1, 14.2, 40);
      const pooled = roiAlign(fill([1, 12, 16, 2], 3) as Tensor4D, rois, { size: [7, 7], scale: 1 / 4, conventions });
      await expectClose(pooled, Array<number>(2 * 7 * 7 * 2).fill(3));
    });

    it('of no box are none, with a gradient of zeros', async () => {
      const features = seededTensor([1, 4, 4, 2], 'features') as Tensor4D;
      const options: RoiAlignOptions = { size: [2, 2], scale: 1 };
      expect(roiAlign(features, inFirst(), options).shape).toEqual([0, 2, 2, 2]);
      const slope = slopeOf(features, inFirst(), options, tensor4d([], [0, 2, 2, 2]));
      await expectClose(slope, Array<number>(32).fill(0));
    });

    it('is one operation to the profiler', async () => {
      const features = seededTensor([1, 4, 4, 2], 'features') as Tensor4D;
      const profile = await engine().profile(() => roiAlign(features, inFirst(0, 0, 3, 3), { size: [2, 2], scale: 1 }));
      expect(profile.kernelNames).toContain('CovpoolRoiAlign');
    });
  });

  describe('properties', () => {
    it('any boxes on maps of any size give what the definition gives', async () => {
      const shapes = [
        [1, 1, 1, 1],
        [1, 1, 5, 2],
        [1, 9, 2, 1],
        [1, 13, 8, 2],
      ] as const;
      await assert(
        asyncProperty(
          wildBoxes(4),
          constantFrom(...shapes),
          constantFrom(...names),
          async (boxes, shape, conventions) => {
            // The definition visits every sample, of which such boxes have too many.
            if (boxes.some((value) => !(Math.abs(value) < 1e3))) return;
            const features = seededTensor([...shape], 'features') as Tensor4D;
            const rois = inFirst(...boxes);
            const options: RoiAlignOptions = { size: [2, 2], scale: 1 / 4, conventions };
            const pooled = roiAlign(features, rois, options);
            await expectClose(pooled, roiAlignOracle({ shape, values: await features.data() }, rois, options));
            pooled.dispose();
            features.dispose();
          },
        ),
        { numRuns: 40 },
      );
    });

    it('boxes beyond all numbers give finite values', async () => {
      const features = seededTensor([1, 5, 6, 2], 'features') as Tensor4D;
      const rois = inFirst(-1e9, -1e9, 1e9, 1e9, NaN, 0, 1, 1, 0, 0, Infinity, 3, 1e30, 1e30, -1e30, -1e30);
      for (const conventions of names) {
        const pooled = await roiAlign(features, rois, { size: [2, 2], scale: 1 / 4, conventions }).data();
        expect(pooled.every(Number.isFinite)).toBe(true);
      }
    });

    it('the form for engines without host memory gives the same, and its gradient', async () => {
      const features = seededTensor(golden.shape, 'features') as Tensor4D;
      const weights = seededTensor([goldenRois.pictures.length, 3, 2, 3], 'weights') as Tensor4D;
      for (const conventions of names) {
        const options: RoiAlignOptions = { size: [3, 2], scale: 0.25, conventions, samplingRatio: 0 };
        const rule = { aligned: conventions === 'mmdet2', samplingRatio: 0, extent: conventions === 'mmdet1' ? 1 : 0 };
        const minSize = { mmdet2: undefined, mmdet1: 0, torchvision: 1 }[conventions];
        const taps = roiTaps(golden.shape, goldenRois, [3, 2], 0.25, { ...rule, minSize } as never);
        await expectClose(alignOnDevice(features, taps), await roiAlign(features, goldenRois, options).data());
        const slope = await slopeOf(features, goldenRois, options, weights).data();
        await expectClose(alignOnDeviceGradient(weights, taps), slope);
      }
    });
  });

  describe('gradient', () => {
    it.each(names)('is the derivative of the definition, by %s', async (conventions) => {
      const shape = [2, 4, 5, 1];
      const [values, weights] = [seededValues(40, 'features'), seededValues(4 * 6, 'weights')];
      const rois = { boxes: goldenRois.boxes.slice(0, 16), pictures: goldenRois.pictures.slice(0, 4) };
      const options: RoiAlignOptions = { size: [2, 3], scale: 1 / 8, conventions };
      const expected = numericGradient(
        (v) => roiAlignOracle({ shape, values: v }, rois, options).reduce((s, y, i) => s + y * weights[i]!, 0),
        values,
      );
      const features = tensor4d(values, shape as [number, number, number, number]);
      await expectClose(slopeOf(features, rois, options, tensor4d(weights, [4, 2, 3, 1])), expected);
    });
  });

  describe('rejects', () => {
    it('features, sizes and pictures that are none', async () => {
      const features = seededTensor([1, 4, 4, 2], 'features') as Tensor4D;
      const options: RoiAlignOptions = { size: [2, 2], scale: 1 };
      const box = inFirst(0, 0, 1, 1);
      await expectCovpoolError(
        () => roiAlign(features, { ...box, pictures: Int32Array.of(1) }, options),
        'bad-argument',
        /roiAlign: a picture in \[0, 1\) for each of 1 boxes is required/,
      );
      await expectCovpoolError(
        () => roiAlign(features, box, { ...options, size: [2, 0] }),
        'bad-argument',
        /size must be whole numbers and scale positive, got \[2,0\] and 1/,
      );
      await expectCovpoolError(
        () => roiAlign(seededTensor([4, 4, 2], 'flat') as unknown as Tensor4D, box, options),
        'bad-argument',
        /features must be \[B,H,W,C\], got \[4,4,2\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, nor does its gradient', async () => {
      const features = seededTensor(golden.shape, 'features') as Tensor4D;
      const options: RoiAlignOptions = { size: [3, 2], scale: 0.25 };
      await expectNoLeak(() => roiAlign(features, goldenRois, options).dispose());
      await expectNoLeak(() =>
        tidy(() => void slopeOf(features, goldenRois, options, tensor4d(golden.slope, [11, 3, 2, 3]))),
      );
    });
  });
});
