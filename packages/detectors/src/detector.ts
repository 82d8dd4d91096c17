import { checkArgument, checkPositiveWhole } from '@covpool/base';
import { type StatisticUpdate, withTrainingScope } from '@covpool/core';
import { dispose, type Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { pyramidAnchors } from './anchor-grid.ts';
import type { ConventionsName } from './conventions.ts';
import { decide, type Decisions, type FirstStageValues } from './decide.ts';
import {
  type Look,
  maskProbabilities,
  type PictureDetections,
  proposalsOf,
  secondStageDetections,
  toPicture,
} from './detect.ts';
import { checkBatch, type DetectionBatch } from './detection-batch.ts';
import { type DetectorLosses, lossesOf } from './detector-losses.ts';
import { DetectorNetwork, type FirstStage, type NetworkPlan } from './detector-network.ts';
import type { DetectorSettings } from './settings.ts';
import { mirrorImages, type View, viewsOf } from './views.ts';

/**
 * Faster R-CNN, or with a mask head Mask R-CNN, on a feature pyramid.
 *
 * A training step is two passes, because what is trained on (which anchors, which proposals) is decided on the processor, and an engine
 * gives its values up asynchronously only: `decide` runs trunk, pyramid and first stage without recording anything and returns plain
 * numbers, `losses` runs all of it again under the tape. The first pass costs about a quarter of a step.
 *
 * ```ts
 * const decisions = await detector.decide(batch, { seed });
 * const { value, grads } = variableGrads(() => totalLoss(detector.losses(batch.images, decisions)), variables);
 * ```
 */
export class Detector {
  readonly name: string;
  readonly classes: number;
  readonly conventions: ConventionsName;
  readonly settings: DetectorSettings;
  /** Whether it has a mask head. */
  readonly masks: boolean;
  private readonly network: DetectorNetwork;

  constructor(plan: NetworkPlan) {
    const { name, classes, conventions, settings, masks } = plan;
    checkPositiveWhole('createDetector', 'classes', classes);
    this.name = name;
    this.classes = classes;
    this.conventions = conventions;
    this.settings = settings;
    this.masks = masks;
    this.network = new DetectorNetwork(plan);
  }

  /** Holds every weight, to be trained, counted, saved and loaded; it is not to be run. */
  get model(): LayersModel {
    return this.network.model;
  }

  /**
   * What a step trains on and towards what; a function of the weights, the batch and the seed. Running statistics stay as they are.
   *
   * @throws bad-argument for a batch or targets that do not fit
   */
  async decide(batch: DetectionBatch, { seed }: { seed: number }): Promise<Decisions> {
    checkBatch('decide', batch);
    const { targets } = batch;
    checkArgument(targets !== undefined, () => 'decide: targets are required, got none');
    const updates: StatisticUpdate[] = [];
    const scope = { seed, step: 0, shard: 0, updates };
    const stage = withTrainingScope(scope, () => this.network.firstStage(batch.images, { training: true }));
    dispose(updates.map(({ value }) => value));
    const values = await this.valuesOf(stage, batch.images);
    dispose(stage.pyramid);
    const { pooledStrides } = this.network;
    return decide(values, batch.pictures, targets!, { ...this.plan, pooledStrides, seed });
  }

  /** The losses of a batch on what was decided, differentiable by the weights; in training mode. */
  losses(images: Tensor4D, decisions: Decisions): DetectorLosses {
    return lossesOf(this.network, this.network.firstStage(images, { training: true }), decisions, this.plan);
  }

  /**
   * What is in each picture of a batch, in pixels of the pictures in their files. With `test.flips` the pictures are also looked at mirrored
   * (test-time augmentation as in mmdetection): what all views propose is pooled in each of them, and classes, boxes and masks are the means;
   * the cost is that of as many predictions as there are views.
   */
  async predict(batch: DetectionBatch): Promise<PictureDetections[]> {
    checkBatch('predict', batch);
    const { images, pictures } = batch;
    const { network, conventions } = this;
    const looks: Look[] = [];
    for (const view of viewsOf(this.settings.test.flips)) looks.push(await this.look(images, view));
    const all = { looks, size: [images.shape[1], images.shape[2]] as const };
    const rois = proposalsOf(all, pictures, network.pooledStrides, this.plan);
    const found = await secondStageDetections(network, all, rois, pictures, this.plan);
    const probabilities = this.masks ? await maskProbabilities(network, all, found, this.plan) : undefined;
    for (const { pyramid } of looks) dispose([...pyramid]);
    const each = (2 * this.settings.masks.size) ** 2;
    let at = 0;
    return found.map((detections, i) => {
      const end = at + detections.scores.length * each;
      const own = probabilities?.subarray(at, end);
      at = end;
      return toPicture(detections, pictures[i]!, conventions, own);
    });
  }

  /** What the first stage sees of pictures in a view. */
  private async look(images: Tensor4D, view: View): Promise<Look> {
    const mirrored = mirrorImages(images, view);
    const stage = this.network.firstStage(mirrored, { training: false });
    mirrored.dispose();
    return { view, pyramid: stage.pyramid, values: await this.valuesOf(stage, images) };
  }

  /** The first stage's outputs, which are disposed of, in the processor's memory. */
  private async valuesOf({ pyramid, logits, deltas }: FirstStage, images: Tensor4D): Promise<FirstStageValues> {
    const [, height, width] = images.shape;
    const grids = pyramid.map(({ shape }) => [shape[1], shape[2]] as const);
    const { strides } = this.network;
    const { conventions } = this;
    const anchors = pyramidAnchors(grids, [height, width], { strides, ...this.settings.anchors, conventions });
    const read = await Promise.all([logits.data<'float32'>(), deltas.data<'float32'>()]);
    dispose([logits, deltas]);
    const levels = grids.map((size, i) => ({ size, stride: strides[i]! }));
    return { anchors, grids: levels, logits: read[0], deltas: read[1] };
  }

  private get plan() {
    const { classes, conventions, settings, masks } = this;
    return { classes, conventions, settings, masks };
  }

  dispose(): void {
    this.model.dispose();
  }
}
