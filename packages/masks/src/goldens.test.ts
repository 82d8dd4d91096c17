import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rle, type Box, type CocoRle, type RleLike } from './index.ts';
import { hasSharedFixtures, readShared, whySkipped } from './shared-fixtures.fixture.ts';

interface Described {
  counts: string;
  area: number;
  box: number[];
}

interface Goldens {
  polygons: (Described & { size: number[]; polygons: number[][] })[];
  boxes: (Described & { size: number[]; given: Box })[];
  groups: {
    size: number[];
    masks: Described[];
    union: Described;
    intersection: Described;
    crowd: number[];
    iou: number[][];
  }[];
}

const goldens = JSON.parse(readFileSync(new URL('goldens/masks.json', import.meta.url), 'utf8')) as Goldens;

function described(mask: RleLike): Described {
  return { counts: rle.toCompressed(mask).counts, area: rle.area(mask), box: rle.toBox(mask) };
}

describe('equals the COCO tools (tools/coco-goldens/make_mask_goldens.py)', () => {
  it('in polygons', () => {
    for (const { size, polygons, counts, area, box } of goldens.polygons) {
      expect(described(rle.fromPolygons(polygons, size[0]!, size[1]!))).toEqual({ counts, area, box });
    }
  });

  it('in boxes', () => {
    for (const { size, given, counts, area, box } of goldens.boxes) {
      expect(described(rle.fromBoxes([given], size[0]!, size[1]!)[0]!)).toEqual({ counts, area, box });
    }
  });

  it('in unions, intersections and IoU', () => {
    for (const { size, masks, union, intersection, crowd, iou } of goldens.groups) {
      const parsed = masks.map(({ counts }) => rle.parse({ size, counts }));
      expect(parsed.map(described)).toEqual(masks);
      expect(described(rle.merge(parsed))).toEqual(union);
      expect(described(rle.merge(parsed.slice(0, 4), { intersect: true }))).toEqual(intersection);
      expect([...rle.iou(parsed, parsed, crowd)]).toEqual(iou.flat());
    }
  });
});

interface Annotation {
  id: number;
  image_id: number;
  segmentation: number[][] | CocoRle;
}

interface MaskFixture {
  masks: { annotation_id: number; height: number; width: number; counts: string; area: number; bbox: number[] }[];
  pairwise: Pair[];
}

interface Pair {
  annotation_ids: number[];
  iscrowd: number[];
  mask_iou: number[][];
}

describe.skipIf(!hasSharedFixtures)(`equals the published masks of 100 pictures${whySkipped}`, () => {
  const annotationsById = (): Map<number, Annotation> => {
    const { annotations } = readShared<{ annotations: Annotation[] }>('val2014_100/gt.json');
    return new Map(annotations.map((annotation) => [annotation.id, annotation]));
  };
  const maskOf = ({ segmentation }: Annotation, height: number, width: number) =>
    Array.isArray(segmentation) ? rle.fromPolygons(segmentation, height, width) : rle.parse(segmentation);

  it('in string, area, box and IoU', () => {
    const annotations = annotationsById();
    const { masks, pairwise } = readShared<MaskFixture>('mask_ops/val2014_100_masks.json');
    expect(masks).toHaveLength(839);
    const sizes = new Map(masks.map(({ annotation_id, height, width }) => [annotation_id, [height, width] as const]));
    for (const { annotation_id, height, width, counts, area, bbox } of masks) {
      const mask = maskOf(annotations.get(annotation_id)!, height, width);
      expect({ id: annotation_id, ...described(mask) }).toEqual({ id: annotation_id, counts, area, box: bbox });
    }
    expect(pairwise).toHaveLength(90);
    for (const { annotation_ids, iscrowd, mask_iou } of pairwise) {
      const group = annotation_ids.map((id) => maskOf(annotations.get(id)!, ...sizes.get(id)!));
      expect([...rle.iou(group, group, iscrowd)]).toEqual(mask_iou.flat());
    }
  });
});
