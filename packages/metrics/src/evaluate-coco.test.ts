import { describe, expect, it } from 'vitest';
import {
  cocoIouThresholds,
  cocoRecallLevels,
  evaluateCoco,
  type CocoDetection,
  type CocoGroundTruth,
  type CocoStats,
} from './index.ts';

type Box = [number, number, number, number];

/** Precision 1 up to the ε of its denominator. */
const all: unknown = expect.closeTo(1, 12);

/** A ground truth of objects `[box, picture, category, iscrowd]` whose area is that of their box. */
function truth(...objects: [box: Box, picture?: number, category?: number, iscrowd?: number][]): CocoGroundTruth {
  const annotations = objects.map(([bbox, image_id = 1, category_id = 1, iscrowd = 0], index) => {
    return { id: index + 1, image_id, category_id, bbox, iscrowd, area: bbox[2] * bbox[3] };
  });
  return { images: [{ id: 1 }, { id: 2 }], categories: [{ id: 1 }, { id: 5, name: 'five' }], annotations };
}

function found(bbox: Box, score: number, image_id = 1, category_id = 1): CocoDetection {
  return { image_id, category_id, bbox, score };
}

describe('values: the table of spec §9', () => {
  const square = (side: number, x = 0, y = 0): Box => [x, y, side, side];
  const cases: [string, CocoGroundTruth, CocoDetection[], Partial<CocoStats>][] = [
    [
      'one object, found perfectly',
      truth([square(50)]),
      [found(square(50), 0.9)],
      { AP: 1, AP50: 1, AP75: 1, APs: -1, APm: 1, APl: -1, AR1: 1, AR10: 1, AR100: 1 },
    ],
    [
      'one of two found',
      truth([square(50)], [square(50, 100)]),
      [found(square(50), 0.9)],
      { AP: 51 / 101, AR100: 0.5 },
    ],
    [
      'a small false positive between',
      truth([square(50)], [square(50, 100)]),
      [found(square(50), 0.9), found(square(20, 300), 0.8), found(square(50, 100), 0.7)],
      { AP: (51 + (50 * 2) / 3) / 101, APm: 1, AR1: 0.5, AR10: 1 },
    ],
    [
      'the false positive first',
      truth([square(50)]),
      [found(square(50, 200), 0.9), found(square(50), 0.8)],
      { AP: 0.5, AR1: 0, AR10: 1 },
    ],
    ['IoU of exactly 0.6', truth([square(100)]), [found([0, 0, 100, 60], 0.9)], { AP: 0.3, AP50: 1, AP75: 0 }],
    ['IoU of exactly 0.5', truth([square(100)]), [found([0, 0, 100, 50], 0.9)], { AP: 0.1, AP50: 1 }],
    ['IoU of exactly 0.9', truth([square(100)]), [found([0, 0, 100, 90], 0.9)], { AP: 0.9 }],
    [
      'detections in a crowd',
      truth([square(40)], [square(90, 100, 100), 1, 1, 1]),
      [found(square(40), 0.5), found(square(30, 110, 110), 0.9), found(square(30, 150, 150), 0.8)],
      { AP: 1, AR1: 0 },
    ],
    ['a duplicate', truth([square(50)]), [found(square(50), 0.9), found(square(50), 0.8)], { AP: 1 }],
    [
      'small and large',
      truth([square(20)], [square(100, 200)]),
      [found(square(30, 500), 0.95), found(square(20), 0.9), found(square(100, 200), 0.8)],
      { AP: 2 / 3, APs: 0.5, APl: 1 },
    ],
    [
      'equal scores on two pictures: the lower id first',
      truth([square(50), 1], [square(50), 2]),
      [found(square(50), 0.5, 2), found(square(50, 200), 0.5, 1), found(square(50), 0.4, 1)],
      { AP: 2 / 3 },
    ],
    [
      'a category without objects',
      truth([square(50)]),
      [found(square(50), 0.9), found(square(50), 0.9, 1, 5)],
      { AP: 1, AR100: 1 },
    ],
  ];
  it.each(cases)('%s', (_, groundTruth, detections, expected) => {
    const { stats } = evaluateCoco(groundTruth, detections);
    for (const [name, value] of Object.entries(expected)) {
      expect([name, stats[name as keyof CocoStats]]).toEqual([name, expect.closeTo(value, 12)]);
    }
  });

  it('thresholds as NumPy rounds them (spec §12)', () => {
    expect(cocoIouThresholds).toEqual([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95]);
    expect([cocoRecallLevels.length, cocoRecallLevels[1], cocoRecallLevels[100]]).toEqual([101, 0.01, 1]);
  });

  it('counts an area of exactly 1024 as small and as medium', () => {
    const { stats } = evaluateCoco(truth([square(32)]), [found(square(32), 0.9)]);
    expect([stats.APs, stats.APm, stats.APl]).toEqual([all, all, -1]);
  });

  it('lets each picture and category have 100 detections', () => {
    const wrong = Array.from({ length: 100 }, (_, i) => found(square(50, 200 + i), 0.9));
    const right = found(square(50), 0.8);
    expect(evaluateCoco(truth([square(50)]), [...wrong, right]).stats.AR100).toBe(0);
    expect(evaluateCoco(truth([square(50)]), [...wrong.slice(1), right]).stats.AR100).toBe(1);
  });
});

describe('values: special cases', () => {
  const none = { AP: -1, AP50: -1, AP75: -1, APs: -1, APm: -1, APl: -1 };
  const box: Box = [0, 0, 50, 50];

  it('no detections: nothing is found', () => {
    const { stats, perCategory } = evaluateCoco(truth([box]), []);
    expect(stats).toMatchObject({ AP: 0, AP50: 0, APm: 0, APl: -1, AR100: 0, ARm: 0 });
    expect(perCategory[0]!.curves[0]!.precision).toEqual(new Float64Array(101));
  });

  it('no objects: nothing is to be found', () => {
    expect(evaluateCoco(truth(), [found(box, 0.9)]).stats).toMatchObject(none);
    expect(evaluateCoco({ images: [], annotations: [], categories: [] }, []).stats).toMatchObject(none);
    expect(evaluateCoco(truth([box, 1, 1, 1]), [found(box, 0.9)]).stats).toMatchObject(none);
  });

  it('objects of unknown pictures or categories and detections of unknown categories do not count', () => {
    const groundTruth = truth([box], [box, 77], [box, 1, 77]);
    const { stats } = evaluateCoco(groundTruth, [found(box, 0.9), found(box, 0.95, 1, 77)]);
    expect([stats.AP, stats.AR100]).toEqual([all, 1]);
  });

  it('boxes of no size or of negative width meet nothing', () => {
    const detections = [found([10, 10, 0, 0], 0.9), found([40, 40, -30, -30], 0.8), found(box, 0.7)];
    expect(evaluateCoco(truth([box], [[10, 10, 0, 0]]), detections).stats.AR100).toBe(0.5);
  });

  it('an object with id 0 is found, and infinite scores have their order', () => {
    const { annotations, ...rest } = truth([box]);
    const groundTruth = { ...rest, annotations: [{ ...annotations[0]!, id: 0 }] };
    const wrong = found([200, 0, 50, 50], -Infinity);
    expect(evaluateCoco(groundTruth, [wrong, found(box, Infinity)]).stats.AP).toEqual(all);
  });

  it('gives curves by category, and one for all if categories do not count', () => {
    const groundTruth = truth([box], [[100, 0, 50, 50], 1, 5]);
    const detections = [found(box, 0.9, 1, 5), found([100, 0, 50, 50], 0.8, 1, 5)];
    const { perCategory, perIou, stats } = evaluateCoco(groundTruth, detections);
    expect(perCategory.map(({ id, name, objects, AP50 }) => [id, name, objects, AP50])).toEqual([
      [1, undefined, 1, 0],
      [5, 'five', 1, 0.5],
    ]);
    const { precision, scores } = perCategory[1]!.curves[0]!;
    expect([precision[0], precision[100], scores[0], scores[100]]).toEqual([0.5, 0.5, 0.9, 0.8]);
    expect(perIou.map(({ AP }) => AP)).toEqual(Array(10).fill(0.25));
    expect(stats.AP).toBeCloseTo(0.25, 12);

    const agnostic = evaluateCoco(groundTruth, detections, { useCategories: false });
    expect(agnostic.perCategory.map(({ id, objects, AP }) => [id, objects, AP])).toEqual([[-1, 2, all]]);
  });

  it('reads boxes from masks and masks from boxes', () => {
    const groundTruth: CocoGroundTruth = {
      images: [{ id: 1, height: 60, width: 60 }],
      categories: [{ id: 1 }],
      annotations: [
        { id: 1, image_id: 1, category_id: 1, bbox: box, area: 2500, segmentation: [[0, 0, 0, 50, 50, 50, 50, 0]] },
      ],
    };
    // 50 pixels in each of 50 columns, then 10 columns without.
    const columns = Array.from({ length: 49 }, () => [50, 10]).flat();
    const mask = { size: [60, 60], counts: [0, ...columns, 50, 610] };
    expect(evaluateCoco(groundTruth, [{ image_id: 1, category_id: 1, score: 1, segmentation: mask }]).stats.AP).toEqual(
      all,
    );
    expect(evaluateCoco(groundTruth, [found(box, 1)], { iouType: 'segm' }).stats.AP).toEqual(all);
  });
});

describe('rejects', () => {
  const box: Box = [0, 0, 50, 50];
  const good = truth([box]);
  const annotation = good.annotations[0]!;
  const withAnnotation = (change: object): CocoGroundTruth => ({
    ...good,
    annotations: [{ ...annotation, ...change }],
  });
  const sized = (change: object): CocoGroundTruth => ({
    ...withAnnotation({ segmentation: [[0, 0, 0, 9, 9, 9]], ...change }),
    images: [{ id: 1, height: 10, width: 10 }],
  });
  const segm = { iouType: 'segm' } as const;
  const masked = (segmentation: unknown): CocoDetection[] => [
    { ...found(box, 1), segmentation: segmentation as number[][] },
  ];

  it.each<[string, () => unknown, string | RegExp]>([
    [
      'an id twice',
      () => evaluateCoco({ ...good, annotations: [annotation, { ...annotation, image_id: 2 }] }, []),
      'evaluateCoco: annotation 1 (picture 2): ids must occur once, got "1 again"',
    ],
    [
      'an id of text',
      () => evaluateCoco(withAnnotation({ id: 'a' }), []),
      /annotation "a" \(picture 1\): id must be a whole/,
    ],
    [
      'no area',
      () => evaluateCoco(withAnnotation({ area: undefined }), []),
      /annotation 1 \(picture 1\): area must be a finite/,
    ],
    [
      'no box',
      () => evaluateCoco(withAnnotation({ bbox: undefined }), []),
      /annotation 1 \(picture 1\): bbox must be four.*nothing/,
    ],
    [
      'an infinite box',
      () => evaluateCoco(good, [found([0, 0, Infinity, 1], 1)]),
      /detection 0 \(picture 1, category 1\): bbox/,
    ],
    ['three numbers', () => evaluateCoco(withAnnotation({ bbox: [1, 2, 3] }), []), /got \[1,2,3\]/],
    [
      'a score of NaN',
      () => evaluateCoco(good, [found(box, 1), found(box, NaN)]),
      'evaluateCoco: detection 1 (picture 1, category 1): score must be a number, got NaN',
    ],
    [
      'a score of null',
      () => evaluateCoco(good, [found(box, null as unknown as number)]),
      /score must be a number, got null/,
    ],
    [
      'a foreign picture',
      () => evaluateCoco(good, [found(box, 1, 9)]),
      /detection 0 \(picture 9.*one of the ground truth, got 9/,
    ],
    [
      'nothing for a detection',
      () => evaluateCoco(good, [null as unknown as CocoDetection]),
      /detection 0: an object is/,
    ],
    [
      'text for a picture',
      () => evaluateCoco({ ...good, images: ['1' as unknown as { id: number }] }, []),
      /picture 0: an obj/,
    ],
    [
      'nothing for an annotation',
      () => evaluateCoco({ ...good, annotations: [annotation, undefined!] }, []),
      /annotation 1: an/,
    ],
    ['no list', () => evaluateCoco(good, null as unknown as []), /detections: a list is required, got null/],
    [
      'no ground truth',
      () => evaluateCoco({} as CocoGroundTruth, []),
      /ground truth: images must be a list, got nothing/,
    ],
    [
      'a picture without id',
      () => evaluateCoco({ ...good, images: [{} as { id: number }] }, []),
      /picture 0: id must be a whole/,
    ],
    [
      'neither box nor mask',
      () => evaluateCoco(good, [{ image_id: 1, category_id: 1, score: 1 }]),
      /bbox or segmentation is req/,
    ],
    [
      'an unknown type',
      () => evaluateCoco(good, [], { iouType: 'keypoints' as 'bbox' }),
      /unknown iouType 'keypoints'; known: bbox, segm/,
    ],
    [
      'no mask',
      () => evaluateCoco(sized({ segmentation: undefined }), masked([[0, 0, 5, 0, 5, 5]]), segm),
      /annotation 1 \(picture 1\): segm/,
    ],
    [
      'a damaged polygon',
      () => evaluateCoco(sized({ segmentation: [[1, 2, 3]] }), masked([[0, 0, 5, 0, 5, 5]]), segm),
      'evaluateCoco: annotation 1 (picture 1): rle.fromPolygons: polygon 0 must have an even number of coordinates, got 3',
    ],
    [
      'damaged run lengths',
      () => evaluateCoco(sized({}), masked({ size: [10, 10], counts: '5' }), segm),
      /detection 0 \(picture 1, category 1\): rle.parse: the runs of a mask of 10×10 must add up to 100 pixels, got 5/,
    ],
    [
      'a mask of another size',
      () => evaluateCoco(sized({}), masked({ size: [5, 5], counts: [25] }), segm),
      /size of its picture, \[10,10\], got \[5,5\]/,
    ],
    [
      'polygons without a size',
      () => evaluateCoco(withAnnotation({ segmentation: [] }), masked([]), segm),
      /must have height and width/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
