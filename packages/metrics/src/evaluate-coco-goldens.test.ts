import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluateCoco, type CocoDetection, type CocoGroundTruth, type CocoStats } from './index.ts';
import { hasSharedFixtures, readShared, whySkipped } from './shared-fixtures.fixture.ts';

/** Both sides compute in float64; means of some thousand numbers are summed in another order. */
const DIGITS = 12;

function expectClose(got: Record<string, number>, expected: Record<string, number>): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    expect([name, got[name]]).toEqual([name, expect.closeTo(value, DIGITS)]);
  }
}

interface Golden {
  name: string;
  groundTruth: CocoGroundTruth;
  detections: CocoDetection[];
  runs: {
    iouType: 'bbox' | 'segm';
    categories: boolean;
    stats: Record<string, number>;
    curve: { category: number; precision: number[]; scores: number[] };
  }[];
}

const file = readFileSync(new URL('goldens/coco-evaluations.json', import.meta.url), 'utf8');
const goldens = (JSON.parse(file) as { cases: Golden[] }).cases;

describe.each(goldens)('equals the COCO tools (tools/coco-goldens/make_eval_goldens.py): $name', (golden) => {
  it.each(golden.runs)('$iouType, categories $categories', ({ iouType, categories, stats, curve }) => {
    const got = evaluateCoco(golden.groundTruth, golden.detections, { iouType, useCategories: categories });
    expectClose({ ...got.stats }, stats);
    const [{ curves }] = got.perCategory.filter(({ id }) => id === (categories ? curve.category : -1)) as [
      (typeof got.perCategory)[0],
    ];
    expect([...curves[2]!.precision]).toEqual(curve.precision);
    expect([...curves[2]!.scores]).toEqual(curve.scores);
  });
});

interface Expected {
  iouType: 'bbox' | 'segm';
  stats: Record<string, number>;
  published?: Record<string, number>;
  perCategory?: Record<string, Record<'AP' | 'AP50' | 'AR100', number | null>>;
  perIoU?: Record<string, number>;
}

describe.skipIf(!hasSharedFixtures)(`equals every number of the shared expectations${whySkipped}`, () => {
  it.each([
    ['val2014_100/', 'bbox', 'detections_bbox'],
    ['val2014_100/', 'segm', 'detections_segm'],
    ['val2014_100/', 'segm_detections_scored_as_bbox', 'detections_segm'],
    ['val2014_100/', 'bbox_useCats0', 'detections_bbox'],
    ['small_cases/one_image_63_detections_', 'bbox', 'detections'],
    ['small_cases/three_images_', 'bbox', 'detections'],
    ['small_cases/three_images_', 'segm', 'detections'],
  ])('%s%s', (prefix, run, results) => {
    const groundTruth = readShared<CocoGroundTruth>(`${prefix}gt.json`);
    const detections = readShared<CocoDetection[]>(`${prefix}${results}.json`);
    const expected = readShared<Record<string, Expected>>(`${prefix}expected.json`)[run]!;
    const options = { iouType: expected.iouType, useCategories: run !== 'bbox_useCats0' };
    const { stats, perCategory, perIou } = evaluateCoco(groundTruth, detections, options);
    expectClose({ ...stats }, expected.stats);
    for (const [name, value] of Object.entries(expected.published ?? {})) {
      expect(stats[name as keyof CocoStats]).toBeCloseTo(value, DIGITS);
    }
    if (expected.perIoU) {
      expectClose(Object.fromEntries(perIou.map(({ iou, AP }) => [iou.toFixed(2), AP])), expected.perIoU);
    }
    if (expected.perCategory) {
      expect(perCategory).toHaveLength(Object.keys(expected.perCategory).length);
      for (const { id, AP, AP50, AR100 } of perCategory) {
        const { AP: ap, AP50: ap50, AR100: ar100 } = expected.perCategory[id]!;
        expectClose({ AP, AP50, AR100 }, { AP: ap ?? -1, AP50: ap50 ?? -1, AR100: ar100 ?? -1 });
      }
    }
  });
});
