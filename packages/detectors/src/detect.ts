import { type Rle, rle } from '@covpool/masks';
import { dispose, sigmoid, softmax, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { clipBoxes, decodeBoxes, SECOND_STAGE_DEVIATIONS } from './box-coder.ts';
import { type Boxes, type PictureSize, takeBoxes } from './boxes.ts';
import { type ConventionsName, conventionsOf, regressedClasses } from './conventions.ts';
import { type FirstStageValues, levelsOfPicture } from './decide.ts';
import type { PictureGeometry } from './detection-batch.ts';
import type { DetectorNetwork } from './detector-network.ts';
import { mapsOfClass } from './of-class.ts';
import { nms } from './nms.ts';
import { pasteMask } from './paste-mask.ts';
import { levelOrder, poolRois, takeRois } from './pool-rois.ts';
import type { Rois } from './roi-align.ts';
import { type Detections, selectDetections } from './select-detections.ts';
import { selectProposals } from './select-proposals.ts';
import type { DetectorSettings } from './settings.ts';
import { meanOf, mirrorBoxes, mirrorMaps, type View } from './views.ts';

/** What was found in a picture, best first. */
export interface PictureDetections {
  /** [4·n], x1, y1, x2, y2 in pixels of the picture in the file. */
  boxes: Boxes;
  /** In (0, 1]. */
  scores: Float32Array;
  /** From 0 to classes − 1. */
  labels: Int32Array;
  /** Of the size of the picture in the file; absent without a mask head. */
  masks?: Rle[];
}

export interface DetectSettings {
  classes: number;
  conventions: ConventionsName;
  settings: DetectorSettings;
  /** Whether there is a mask head. */
  masks: boolean;
}

/** What the first stage saw of a batch in one view. */
export interface Look {
  view: View;
  pyramid: readonly Tensor4D[];
  values: FirstStageValues;
}

/** All views of a batch, and the size of its tensor. */
export interface Looks {
  looks: readonly Look[];
  size: PictureSize;
}

/** The proposals of all pictures, in the order of their levels: the best of what each view proposes. */
export function proposalsOf(
  { looks, size }: Looks,
  pictures: readonly PictureGeometry[],
  strides: readonly number[],
  { conventions, settings: { proposals } }: DetectSettings,
): Rois {
  const { threshold, before, after } = proposals;
  const limits = { training: false, threshold, before: before.test, after: after.test, conventions };
  const boxes = pictures.map(({ height, width }, i) => {
    const own: PictureSize = [height, width];
    if (looks.length === 1)
      return selectProposals(levelsOfPicture(looks[0]!.values, i), { picture: own, ...limits }).boxes;
    const seen = looks.map(({ view, values }) => {
      const found = selectProposals(levelsOfPicture(values, i), { picture: size, ...limits });
      return {
        ...found,
        boxes: clipBoxes(mirrorBoxes(found.boxes, size, view, { conventions }), own, { conventions }),
      };
    });
    const all = Float32Array.from(seen.flatMap((look) => [...look.boxes]));
    const scores = Float32Array.from(seen.flatMap((look) => [...look.scores]));
    return takeBoxes(all, nms(all, scores, { threshold, count: after.test, conventions }));
  });
  const rois: Rois = {
    boxes: Float32Array.from(boxes.flatMap((own) => [...own])),
    pictures: Int32Array.from(boxes.flatMap((own, i) => new Array<number>(own.length / 4).fill(i))),
  };
  return takeRois(rois, levelOrder(rois, { strides, conventions }));
}

/** The detections of every picture in pixels of the batch, from the mean of what the views say of each proposal. */
export async function secondStageDetections(
  network: DetectorNetwork,
  { looks, size }: Looks,
  rois: Rois,
  pictures: readonly PictureGeometry[],
  { classes, conventions, settings }: DetectSettings,
): Promise<Detections[]> {
  const { minScore, threshold, count, suppression } = settings.test;
  const coder = { conventions, deviations: SECOND_STAGE_DEVIATIONS };
  const said: { scores: Float32Array; boxes: Boxes }[] = [];
  for (const { view, pyramid } of looks) {
    const mirrored = mirrorRois(rois, size, view, conventions);
    const [scores, deltas] = await stageValues(network, pyramid, mirrored, { conventions, settings });
    const decoded = decodeBoxes(mirrored.boxes, deltas, coder);
    said.push({ scores, boxes: mirrorBoxes(decoded, size, view, { conventions }) });
  }
  const scores = meanOf(said.map((one) => one.scores));
  const boxes = meanOf(said.map((one) => one.boxes));
  const width = 4 * regressedClasses(classes, conventions);
  const soft = suppression === 'hard' ? undefined : { method: suppression, threshold, minScore };
  return pictures.map(({ height, width: pixels }, i) => {
    const own = [...rois.pictures.keys()].filter((n) => rois.pictures[n] === i);
    const clipped = clipBoxes(rowsOf(boxes, own, width), [height, pixels], { conventions });
    const options = { classes, minScore, threshold, count, conventions, ...(soft ? { soft } : {}) };
    return selectDetections(clipped, rowsOf(scores, own, classes + 1), options);
  });
}

const mirrorRois = ({ boxes, pictures }: Rois, size: PictureSize, view: View, conventions: ConventionsName): Rois => ({
  boxes: mirrorBoxes(boxes, size, view, { conventions }),
  pictures,
});

async function stageValues(
  network: DetectorNetwork,
  pyramid: readonly Tensor4D[],
  rois: Rois,
  { conventions, settings }: Pick<DetectSettings, 'conventions' | 'settings'>,
): Promise<[scores: Float32Array, deltas: Float32Array]> {
  if (rois.pictures.length === 0) return [new Float32Array(0), new Float32Array(0)];
  const outputs = tidy(() => {
    const pooled = poolRois(pyramid, rois, settings.boxes.size, { strides: network.pooledStrides, conventions });
    const { logits, deltas } = network.secondStage(pooled);
    return [softmax(logits), deltas];
  });
  const [scores, deltas] = await Promise.all(outputs.map((output) => output.data<'float32'>()));
  dispose(outputs);
  return [scores!, deltas!];
}

function rowsOf(values: Float32Array, rows: readonly number[], width: number): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, i) => taken.set(values.subarray(row * width, (row + 1) * width), i * width));
  return taken;
}

/** The probabilities of the mask of each detection, of all pictures one after the other: the mean of what the views say. */
export async function maskProbabilities(
  network: DetectorNetwork,
  { looks, size }: Looks,
  detections: readonly Detections[],
  { conventions, settings }: DetectSettings,
): Promise<Float32Array> {
  const first = conventionsOf(conventions).background === 'first' ? 1 : 0;
  const rois: Rois = {
    boxes: Float32Array.from(detections.flatMap(({ boxes }) => [...boxes])),
    pictures: Int32Array.from(detections.flatMap(({ scores }, i) => Array.from(scores, () => i))),
  };
  if (rois.pictures.length === 0) return new Float32Array(0);
  const outputs = Int32Array.from(detections.flatMap(({ classes }) => Array.from(classes, (label) => label + first)));
  const said: Float32Array[] = [];
  for (const { view, pyramid } of looks) {
    const maps = tidy(() => {
      const mirrored = mirrorRois(rois, size, view, conventions);
      const strides = network.pooledStrides;
      const pooled = poolRois(pyramid, mirrored, settings.masks.size, { strides, conventions });
      return sigmoid(mapsOfClass(network.maskLogits(pooled), outputs));
    });
    said.push(mirrorMaps(await maps.data<'float32'>(), 2 * settings.masks.size, view));
    maps.dispose();
  }
  return meanOf(said);
}

/** Detections in pixels of the picture in the file; `probabilities` are those of their masks. */
export function toPicture(
  { boxes, scores, classes }: Detections,
  picture: PictureGeometry,
  conventions: ConventionsName,
  probabilities?: Float32Array,
): PictureDetections {
  const { height, width, originalHeight, originalWidth, scale } = picture;
  const [x, y] = scale ?? [width / originalWidth, height / originalHeight];
  const original = boxes.map((corner, i) => corner / (i % 2 === 0 ? x : y));
  const found: PictureDetections = { boxes: original, scores, labels: classes };
  if (!probabilities) return found;
  const each = scores.length === 0 ? 0 : probabilities.length / scores.length;
  const size = [originalHeight, originalWidth] as const;
  found.masks = Array.from(scores, (_, n) => {
    const own = probabilities.subarray(n * each, (n + 1) * each);
    const mask = pasteMask(own, original.subarray(4 * n, 4 * n + 4), size, { conventions });
    return rle.encode(mask, originalHeight, originalWidth, { order: 'row' });
  });
  return found;
}
