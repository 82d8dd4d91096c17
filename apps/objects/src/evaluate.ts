import { createDetectionLoader, type DetectionDataset } from '@covpool/datasets';
import { type CocoResult, type Detector, toCocoResults } from '@covpool/detectors';
import { type CocoEvaluation, type CocoStats, evaluateCoco } from '@covpool/metrics';
import { tensor4d } from '@tensorflow/tfjs-core';
import type { DetectorCard } from './card.ts';

/** COCO's numbers; −1 where there is nothing to average. */
export interface Scores {
  pictures: number;
  objects: number;
  box: CocoStats;
  mask?: CocoStats;
}

/** Scores with their curves. */
export interface Evaluated {
  scores: Scores;
  box: CocoEvaluation;
  mask?: CocoEvaluation;
}

/** Where a picture's own statistics count, the padding of a batch would count with them. */
const batchOf = ({ normalization }: Pick<DetectorCard, 'normalization'>): number =>
  normalization === 'group' || normalization === 'instance' ? 1 : 4;

/** What a detector finds on the pictures of a data set, in the order of its loader. */
export async function findObjects(
  detector: Detector,
  dataset: DetectionDataset,
  card: Pick<DetectorCard, 'input' | 'conventions' | 'normalization'>,
  options: { onStep?: (done: number, total: number) => void; batchSize?: number } = {},
): Promise<CocoResult[]> {
  const { onStep, batchSize = batchOf(card) } = options;
  const loader = createDetectionLoader(dataset, { ...card.input, batchSize });
  const results: CocoResult[] = [];
  const { categoryIds } = dataset;
  let done = 0;
  for await (const { own } of loader.epoch(0)) {
    for (const { batch } of own) {
      const images = tensor4d(batch.images, batch.shape);
      try {
        const found = await detector.predict({ images, pictures: batch.sizes });
        for (const [i, index] of batch.indices.entries()) {
          const imageId = dataset.picture(index).id;
          const { conventions } = card;
          results.push(...toCocoResults(found[i]!, { imageId, categoryIds, conventions }));
        }
      } finally {
        images.dispose();
      }
      done += batch.count;
    }
    onStep?.(done, dataset.length);
  }
  return results;
}

/** COCO's evaluation of what was found, of boxes and, where there are any, of masks. */
export function scoreObjects(dataset: DetectionDataset, results: CocoResult[]): Evaluated {
  const box = evaluateCoco(dataset.file, results, { iouType: 'bbox' });
  // A box would decide over an object's size in place of its mask.
  const outlines = results.map(({ bbox: _, ...rest }) => rest);
  const mask = dataset.masks ? evaluateCoco(dataset.file, outlines, { iouType: 'segm' }) : undefined;
  const objects = box.perCategory.reduce((sum, category) => sum + category.objects, 0);
  const scores = {
    pictures: dataset.length,
    objects,
    box: box.stats,
    ...(mask ? { mask: mask.stats } : {}),
  };
  return { scores, box, ...(mask ? { mask } : {}) };
}

/** What a task is measured by first: masks where there are masks. */
export function mainStats({ box, mask }: Pick<Scores, 'box' | 'mask'>): CocoStats {
  return mask ?? box;
}

/** An average precision for people. */
export function formatScore(value: number): string {
  return value < 0 ? '–' : value.toFixed(3);
}
