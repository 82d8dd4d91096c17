import { boxIou } from './coco/box-iou.ts';
import { cocoIouThresholds, cocoRecallLevels, type CocoDetection, type CocoGroundTruth } from './index.ts';

const RANGES = [
  [0, 1e10],
  [0, 1024],
  [1024, 9216],
  [9216, 1e10],
] as const;
type Range = (typeof RANGES)[number];

interface Outcome {
  score: number;
  rank: number;
  matched: boolean;
  ignored: boolean;
}

/** Spec §8 for boxes, step by step, without a thought for speed: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl. */
export function naiveCoco(groundTruth: CocoGroundTruth, detections: readonly CocoDetection[]): number[] {
  const mean = (values: number[]): number => (values.length > 0 ? values.reduce((a, b) => a + b) / values.length : -1);
  const precision = (range: Range, thresholds = cocoIouThresholds): number =>
    mean(curves(range, 100, thresholds).flatMap((curve) => curve.precision));
  const recall = (range: Range, most: number): number =>
    mean(curves(range, most, cocoIouThresholds).map((curve) => curve.recall));
  const curves = (range: Range, most: number, thresholds: readonly number[]) =>
    groundTruth.categories.flatMap(({ id }) =>
      thresholds.flatMap((threshold) => accumulate(groundTruth, detections, id, range, most, threshold) ?? []),
    );
  const [all, ...sizes] = RANGES;
  return [
    precision(all),
    precision(all, [0.5]),
    precision(all, [0.75]),
    ...sizes.map((range) => precision(range)),
    ...[1, 10, 100].map((most) => recall(all, most)),
    ...sizes.map((range) => recall(range, 100)),
  ];
}

function accumulate(
  { images, annotations }: CocoGroundTruth,
  detections: readonly CocoDetection[],
  category: number,
  range: Range,
  most: number,
  threshold: number,
): { precision: number[]; recall: number } | undefined {
  const outside = (area: number): boolean => area < range[0] || area > range[1];
  const outcomes: Outcome[] = [];
  let wanted = 0;
  for (const image of [...images].sort((a, b) => a.id - b.id)) {
    const objects = annotations
      .filter((a) => a.image_id === image.id && a.category_id === category)
      .map((a) => ({
        box: Float64Array.from(a.bbox!),
        crowd: !!a.iscrowd,
        ignored: !!a.iscrowd || outside(a.area),
        taken: false,
      }))
      .sort((a, b) => Number(a.ignored) - Number(b.ignored));
    wanted += objects.filter(({ ignored }) => !ignored).length;
    detections
      .filter((d) => d.image_id === image.id && d.category_id === category)
      .sort((a, b) => b.score - a.score)
      .slice(0, 100)
      .forEach(({ bbox, score }, rank) => {
        const box = Float64Array.from(bbox!);
        let best = Math.min(threshold, 1 - 1e-10);
        let match: (typeof objects)[0] | undefined;
        for (const object of objects) {
          if (object.taken && !object.crowd) continue;
          if (match && !match.ignored && object.ignored) break;
          const iou = boxIou(box, 0, object.box, 0, object.crowd);
          if (iou < best) continue;
          [best, match] = [iou, object];
        }
        if (match) match.taken = true;
        const ignored = match ? match.ignored : outside(box[2]! * box[3]!);
        outcomes.push({ score, rank, matched: !!match, ignored });
      });
  }
  if (wanted === 0) return undefined;
  const ranked = outcomes.filter(({ rank }) => rank < most).sort((a, b) => b.score - a.score);
  let [hits, misses] = [0, 0];
  const points = ranked.map(({ matched, ignored }) => {
    if (!ignored && matched) hits++;
    if (!ignored && !matched) misses++;
    return { recall: hits / wanted, precision: hits / (hits + misses + Number.EPSILON) };
  });
  for (let i = points.length - 1; i > 0; i--) {
    points[i - 1]!.precision = Math.max(points[i]!.precision, points[i - 1]!.precision);
  }
  const at = (level: number): number => points.find(({ recall }) => recall >= level)?.precision ?? 0;
  return { precision: cocoRecallLevels.map(at), recall: hits / wanted };
}
