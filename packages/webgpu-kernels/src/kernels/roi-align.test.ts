import { expectClose, expectCovpoolError, expectNoLeak, seededTensor, seededValues } from '@covpool/testing';
import { tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, expectGivesBack, run } from '../on-webgpu.fixture.ts';
import type { AxisTaps, RoiTaps } from '../roi-taps.ts';

/** A box in positions: start and length, down and right, of a picture. */
type Box = [picture: number, y: number, x: number, height: number, width: number];

interface Case {
  shape: [number, number, number, number];
  size: [number, number];
  /** Samples per bin and axis; 0: ⌈bin⌉. */
  samples: number;
  boxes: Box[];
}

/** Where the samples of an axis are interpolated, and with what weights: a list for each bin. */
function sampled(start: number, length: number, bins: number, samples: number, extent: number): [number, number][][] {
  const points = samples || Math.max(Math.ceil(length / bins), 0);
  return Array.from({ length: bins }, (_, bin) =>
    Array.from({ length: points }, (_, k) => start + ((bin + (k + 0.5) / points) * length) / bins)
      .filter((at) => at >= -1 && at <= extent)
      .flatMap((at): [number, number][] => {
        const inside = Math.min(Math.max(at, 0), extent - 1);
        const low = Math.min(Math.floor(inside), Math.max(extent - 2, 0));
        const pair: [number, number][] = [[low, (1 - inside + low) / points], [low + 1, (inside - low) / points]]; // prettier-ignore
        return pair.slice(0, extent === 1 ? 1 : 2);
      }),
  );
}

const axesOf = ({ shape, size, samples }: Case, [, y, x, height, width]: Box) => ({
  rows: sampled(y, height, size[0], samples, shape[1]),
  columns: sampled(x, width, size[1], samples, shape[2]),
});

function tapsOf(given: Case): RoiTaps {
  const flat = (lists: [number, number][][]): AxisTaps => ({
    starts: Int32Array.from([0, ...lists.keys()].map((_, b) => lists.slice(0, b).flat().length)),
    positions: Int32Array.from(lists.flat(), ([position]) => position),
    weights: Float64Array.from(lists.flat(), ([, weight]) => weight),
  });
  const axes = given.boxes.map((box) => axesOf(given, box));
  return {
    shape: given.shape,
    size: given.size,
    pictures: Int32Array.from(given.boxes, ([picture]) => picture),
    rows: axes.map(({ rows }) => flat(rows)),
    columns: axes.map(({ columns }) => flat(columns)),
  };
}

/** Calls for each number of a bin with each number of the features that it is made of. */
function eachLink(given: Case, visit: (bin: number, position: number, weight: number) => void): void {
  const [, height, width, channels] = given.shape;
  given.boxes.forEach((box, n) => {
    const { rows, columns } = axesOf(given, box);
    rows.forEach((row, i) =>
      columns.forEach((column, j) => {
        const bin = ((n * given.size[0] + i) * given.size[1] + j) * channels;
        for (const [y, vertical] of row) {
          for (const [x, horizontal] of column) {
            const position = ((box[0] * height + y) * width + x) * channels;
            for (let c = 0; c < channels; c++) visit(bin + c, position + c, vertical * horizontal);
          }
        }
      }),
    );
  });
}

const lengthOf = (shape: number[]): number => shape.reduce((product, extent) => product * extent, 1);
const pooledShape = ({ shape, size, boxes }: Case): number[] => [boxes.length, ...size, shape[3]];

function oracle(given: Case, features: number[], dy: number[]) {
  const pooled = Array<number>(lengthOf(pooledShape(given))).fill(0);
  const dx = Array<number>(features.length).fill(0);
  eachLink(given, (bin, position, weight) => {
    pooled[bin]! += weight * features[position]!;
    dx[position]! += weight * dy[bin]!;
  });
  return { pooled, dx };
}

const align = (given: Case, features: number[]) =>
  run('CovpoolRoiAlign', { features: tensor(features, given.shape) }, { taps: tapsOf(given) })[0]!;
const alignGradient = (given: Case, dy: number[]) =>
  run('CovpoolRoiAlignGradient', { dy: tensor(dy, pooledShape(given)) }, { taps: tapsOf(given) })[0]!;

/** In the features, over their edges, overlapping, without samples, outside, a point, in another picture. */
const boxes: Box[] = [
  [0, 1.2, 0.7, 3.1, 4.4],
  [1, -2.5, -0.5, 6, 3],
  [0, 0.4, 1, 5, 2.5],
  [1, 2, 2, 0, -1],
  [0, 40, 40, 3, 3],
  [1, 4.5, 5.5, 9, 9],
  [0, 2, 3, 0.01, 0.01],
];

describeWebgpu('RoIAlign in WGSL', () => {
  // Channels that are fours, and that are not; fixed and adaptive numbers of samples; a map of one position.
  const cases: [string, Case][] = [
    ['adaptive, 3 channels', { shape: [2, 6, 7, 3], size: [2, 3], samples: 0, boxes }],
    ['two samples, 8 channels', { shape: [2, 6, 7, 8], size: [3, 2], samples: 2, boxes }],
    ['one position, 1 channel', { shape: [2, 1, 1, 1], size: [1, 2], samples: 2, boxes }],
    ['more numbers than a group has threads', { shape: [3, 9, 11, 37], size: [4, 4], samples: 0, boxes }],
  ];
  const valuesOf = (given: Case) => ({
    features: seededValues(lengthOf(given.shape), 'features'),
    dy: seededValues(lengthOf(pooledShape(given)), 'dy'),
  });

  describe('values', () => {
    it.each(cases)('are the sum over samples: %s', async (_name, given) => {
      const { features, dy } = valuesOf(given);
      const pooled = align(given, features);
      expect(pooled.shape).toEqual(pooledShape(given));
      await expectClose(pooled, oracle(given, features, dy).pooled);
    });

    it('of no box are none', async () => {
      const given = { ...cases[0]![1], boxes: [] };
      expect(align(given, valuesOf(given).features).shape).toEqual([0, 2, 3, 3]);
    });
  });

  describe('properties', () => {
    it('a run repeated agrees in every bit, its gradient too', async () => {
      const given = cases[3]![1];
      const { features, dy } = valuesOf(given);
      expect(await align(given, features).data()).toEqual(await align(given, features).data());
      expect(await alignGradient(given, dy).data()).toEqual(await alignGradient(given, dy).data());
    });
  });

  describe('gradient', () => {
    it.each(cases)('gives each position what bins were made of it: %s', async (_name, given) => {
      const { features, dy } = valuesOf(given);
      const dx = alignGradient(given, dy);
      expect(dx.shape).toEqual(given.shape);
      await expectClose(dx, oracle(given, features, dy).dx);
    });

    it('of no box is zero', async () => {
      const dx = alignGradient({ ...cases[0]![1], boxes: [] }, []);
      expect(await dx.data()).toEqual(new Float32Array(2 * 6 * 7 * 3));
    });
  });

  describe('rejects', () => {
    it('tensors of other shapes than the taps have', async () => {
      const attributes = { taps: tapsOf(cases[0]![1]) };
      await expectCovpoolError(
        () => run('CovpoolRoiAlign', { features: zeros([2, 6, 7, 4]) }, attributes),
        'bad-argument',
        /roiAlign: a tensor \[2,6,7,3\] is required, as the taps say, got \[2,6,7,4\]/,
      );
      await expectCovpoolError(
        () => run('CovpoolRoiAlignGradient', { dy: zeros([1, 2, 3, 3]) }, attributes),
        'bad-argument',
        /roiAlignGradient: a tensor \[7,2,3,3\] is required/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but its results', async () => {
      const given = cases[0]![1];
      const features = seededTensor(given.shape, 'features');
      const dy = seededTensor(pooledShape(given), 'dy');
      const attributes = { taps: tapsOf(given) };
      await expectNoLeak(() =>
        tidy(() => {
          run('CovpoolRoiAlign', { features }, attributes);
          run('CovpoolRoiAlignGradient', { dy }, attributes);
        }),
      );
    });

    it('gives back what it put on the device', async () => {
      const given = cases[0]![1];
      const { features, dy } = valuesOf(given);
      await expectGivesBack(() => [align(given, features), alignGradient(given, dy)]);
    });
  });
});
