import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateVoc, type CocoDetection, type EvaluateVocOptions, type VocGroundTruth } from './index.ts';
import { hasSharedFixtures, readShared, whySkipped } from './shared-fixtures.fixture.ts';

type Box = [number, number, number, number];

function truth(objects: [box: Box, image_id: number, difficult?: boolean][]): VocGroundTruth {
  const annotations = objects.map(([bbox, image_id, difficult], index) => {
    return {
      id: index + 1,
      image_id,
      category_id: 1,
      bbox,
      area: bbox[2] * bbox[3],
      ...(difficult ? { difficult } : {}),
    };
  });
  return { images: [{ id: 1 }, { id: 2 }], categories: [{ id: 1, name: 'one' }, { id: 4 }], annotations };
}

const found = (bbox: Box, score: number, image_id = 1): CocoDetection => ({ image_id, category_id: 1, bbox, score });
const box = (x: number): Box => [x, 0, 9, 9];

describe.skipIf(!hasSharedFixtures)(`values: the published sample${whySkipped}`, () => {
  it('at IoU 0.3, by area and by eleven points', () => {
    const groundTruth = readShared<VocGroundTruth>('voc_ap_sample/gt.json');
    const categories = [{ id: 1 }];
    const detections = readShared<CocoDetection[]>('voc_ap_sample/detections.json');
    const percent = (interpolation: 'area' | '11-point'): number =>
      100 * evaluateVoc({ ...groundTruth, categories }, detections, { iouThreshold: 0.3, interpolation }).mAP;
    const expected = readShared<{ published: Record<string, number>; tolerance_percent: number }>(
      'voc_ap_sample/expected.json',
    );
    const [area, eleven] = [expected.published.AP_every_point_percent!, expected.published.AP_11_point_percent!];
    expect([area, eleven]).toEqual([24.56, 26.84]);
    // The published number is cut off after two decimals; the file gives this tolerance.
    expect(Math.abs(percent('area') - area)).toBeLessThan(expected.tolerance_percent);
    expect(Math.abs(percent('11-point') - eleven)).toBeLessThan(expected.tolerance_percent);
  });
});

describe('values', () => {
  const groundTruth = truth([
    [box(0), 1],
    [box(50), 1],
    [box(0), 2],
    [box(50), 2, true],
  ]);

  it('hits, a duplicate, a difficult object, a miss', () => {
    const detections = [
      found(box(0), 0.9),
      found(box(0), 0.8), // the object is taken
      found(box(50), 0.7, 2), // difficult: does not count
      found(box(0), 0.6, 2),
      found(box(200), 0.5),
    ];
    const { mAP, perCategory } = evaluateVoc(groundTruth, detections);
    expect([...perCategory[0]!.precision]).toEqual([1, 1 / 2, 2 / 3, 2 / 4]);
    expect([...perCategory[0]!.recall]).toEqual([1 / 3, 1 / 3, 2 / 3, 2 / 3]);
    expect(mAP).toBeCloseTo(1 / 3 + (1 / 3) * (2 / 3), 12);
    expect(perCategory.map(({ id, name, objects, AP }) => [id, name, objects, AP])).toEqual([
      [1, 'one', 3, mAP],
      [4, undefined, 0, -1],
    ]);
    // Levels 0…0.3 at precision 1, 0.4…0.6 at 2/3.
    expect(evaluateVoc(groundTruth, detections, { interpolation: '11-point' }).mAP).toBeCloseTo(
      (4 + 3 * (2 / 3)) / 11,
      12,
    );
  });

  it('counts both border pixels: boxes of 10 pixels that share 5 columns have IoU 1/3', () => {
    const one = truth([[box(0), 1]]);
    const at = (iouThreshold: number): number => evaluateVoc(one, [found(box(5), 1)], { iouThreshold }).mAP;
    expect([at(1 / 3), at(0.334)]).toEqual([1, 0]);
    expect(evaluateVoc(truth([[[3, 3, 0, 0], 1]]), [found([3, 3, 0, 0], 1)]).mAP).toBe(1);
  });

  it('takes the best overlap alone, even if it is taken', () => {
    const near = truth([
      [box(0), 1],
      [box(2), 1],
    ]);
    expect(evaluateVoc(near, [found(box(0), 0.9), found([0, 0, 9, 8], 0.8)]).perCategory[0]!.recall[1]).toBe(0.5);
  });

  it('is 0 without detections and −1 without objects', () => {
    expect(evaluateVoc(groundTruth, []).mAP).toBe(0);
    expect(evaluateVoc(truth([]), [found(box(0), 1)]).mAP).toBe(-1);
    expect(evaluateVoc(truth([[box(0), 1, true]]), [found(box(0), 1)]).mAP).toBe(-1);
  });

  it('reaches recall 0.3 with three of ten, in spite of 0.1 + 0.1 + 0.1', () => {
    const ten = truth(Array.from({ length: 10 }, (_, i) => [box(20 * i), 1]));
    const three = [0, 1, 2].map((i) => found(box(20 * i), 0.9));
    expect(evaluateVoc(ten, three, { interpolation: '11-point' }).mAP).toBeCloseTo(4 / 11, 12);
  });
});

describe('properties', () => {
  const objects = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom(1, 2)), {
    minLength: 1,
    maxLength: 6,
  });

  it('is 1 for the ground truth itself, and in 0…1 for whatever else', () => {
    fc.assert(
      fc.property(
        objects,
        objects,
        fc.constantFrom('area' as const, '11-point' as const),
        (real, guessed, interpolation) => {
          const distinct = [...new Map(real.map((r) => [r.join(), r])).values()];
          const groundTruth = truth(distinct.map(([x, picture]) => [box(20 * x), picture]));
          const right = distinct.map(([x, picture]) => found(box(20 * x), 1, picture));
          const guesses = guessed.map(([x, picture], i) => found(box(17 * x), i / 7, picture));
          expect(evaluateVoc(groundTruth, right, { interpolation }).mAP).toBeCloseTo(1, 12);
          const { mAP } = evaluateVoc(groundTruth, guesses, { interpolation });
          expect(mAP >= 0 && mAP <= 1).toBe(true);
        },
      ),
    );
  });
});

describe('rejects', () => {
  const good = truth([[box(0), 1]]);
  const evaluate = (options: object) => () => evaluateVoc(good, [], options as EvaluateVocOptions);
  it.each<[string, () => unknown, string | RegExp]>([
    [
      'a threshold of 0',
      evaluate({ iouThreshold: 0 }),
      'evaluateVoc: iouThreshold must be above 0 and at most 1, got 0',
    ],
    [
      'an unknown interpolation',
      evaluate({ interpolation: 'toString' }),
      /unknown interpolation 'toString'; known: 11-point, area/,
    ],
    ['a score of NaN', () => evaluateVoc(good, [found(box(0), NaN)]), /evaluateVoc: detection 0 \(picture 1.*got NaN/],
    [
      'a detection without box',
      () => evaluateVoc(good, [{ image_id: 1, category_id: 1, score: 1 }]),
      'evaluateVoc: detection 0 (picture 1, category 1): bbox is required, got nothing',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
