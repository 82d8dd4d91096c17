import { type MarkedObject, objectPanels, seriesColours, type SeriesColours } from '@covpool/charts';
import { svgToPng } from '@covpool/charts/node';
import type { DetectionDataset, Picture } from '@covpool/datasets';
import type { CocoResult } from '@covpool/detectors';
import { type CocoRle, rle } from '@covpool/masks';

/** A lone category is orange, which shows on dark and on stained ground. */
const LONE_COLOUR = '#d55e00';
/** A panel is at least so many pixels wide, so that words fit. */
const LEAST_WIDTH = 512;

/** One colour per category, the same on every picture. */
export function categoryColours(classes: readonly string[]): SeriesColours {
  return classes.length === 1 ? () => LONE_COLOUR : seriesColours(classes);
}

/** What was found, for a drawing; results below `score` are left out. */
export function foundObjects(
  results: readonly CocoResult[],
  { classes, categoryIds, score }: { classes: readonly string[]; categoryIds: readonly number[]; score: number },
): MarkedObject[] {
  return results
    .filter((result) => result.score >= score)
    .map(({ category_id, bbox: [x, y, width, height], score: own, segmentation }) => ({
      label: classes[categoryIds.indexOf(category_id)]!,
      box: [x, y, x + width, y + height],
      score: own,
      ...(segmentation ? { mask: bytesOf(segmentation) } : {}),
    }));
}

/** What there is to be found, for a drawing. */
export function trueObjects(dataset: DetectionDataset, index: number): MarkedObject[] {
  return dataset.objects(index).map((object) => ({
    label: dataset.classes[object.label]!,
    box: object.box,
    ...(dataset.masks ? { mask: rle.decode(dataset.mask(index, object), { order: 'row' }) } : {}),
  }));
}

function bytesOf(mask: CocoRle): Uint8Array {
  return rle.decode(mask, { order: 'row' });
}

/** Objects drawn on a picture as PNG; with `truth`, beside what there is. */
export async function drawObjects(
  picture: Picture,
  found: MarkedObject[],
  { classes, truth }: { classes: readonly string[]; truth?: MarkedObject[] },
): Promise<Uint8Array> {
  const colours = categoryColours(classes);
  const width = Math.max(picture.width, LEAST_WIDTH);
  const panels = truth
    ? [
        { heading: 'annotated', picture, objects: truth },
        { heading: 'found', picture, objects: found },
      ]
    : [{ picture, objects: found }];
  return svgToPng(await objectPanels({ panels, width, colours }), { scale: 1 });
}
