import { checkArgument } from '@covpool/base';
import { type ShapeSpec, withSeed } from '@covpool/core';
import { fpn, type Fpn } from '@covpool/necks';
import { type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { input, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { BoxHead } from './box-head.ts';
import { type ConventionsName, regressedClasses } from './conventions.ts';
import { MaskHead } from './mask-head.ts';
import { RpnHead } from './rpn-head.ts';
import type { DetectorSettings } from './settings.ts';
import { TrunkLayer } from './trunk-layer.ts';

/** What `createBackbone` gives. */
export interface Backbone {
  model: LayersModel;
  /** One for each output, fine to coarse. */
  specs: Record<string, ShapeSpec>;
}

export interface NetworkPlan {
  name: string;
  backbone: Backbone;
  classes: number;
  conventions: ConventionsName;
  masks: boolean;
  settings: DetectorSettings;
  seed: number;
}

/** What the first stage says of a batch. */
export interface FirstStage {
  /** Levels [B,H_i,W_i,C]. */
  pyramid: Tensor4D[];
  /** [B,N], of the anchors of all levels. */
  logits: Tensor2D;
  /** [B,N,4] */
  deltas: Tensor3D;
}

/** A layer with one output gives it without a list. */
const listOf = <T>(outputs: T | T[]): T[] => (Array.isArray(outputs) ? outputs : [outputs]);

/** The layers of a two-stage detector and what computes with them. Weights have mmdetection 2.x's names. */
export class DetectorNetwork {
  /** Holds every weight; what it computes is of no use. */
  readonly model: LayersModel;
  /** Pixels per position of each level. */
  readonly strides: number[];
  /** Of the levels that boxes are pooled from. */
  readonly pooledStrides: number[];
  private readonly trunk: TrunkLayer;
  private readonly neck: Fpn;
  private readonly rpn: RpnHead;
  private readonly boxes: BoxHead;
  private readonly masks?: MaskHead;

  constructor({ name, backbone, classes, conventions, masks, settings, seed }: NetworkPlan) {
    const specs = Object.values(backbone.specs);
    checkArgument(
      specs.length > 0 && specs.length === backbone.model.outputs.length,
      () => `createDetector: a backbone with a spec for each of its outputs is required, got ${specs.length} specs`,
    );
    const { channels, extraLevels } = settings.neck;
    this.pooledStrides = specs.map(({ stride }) => stride);
    checkArgument(
      this.pooledStrides.every((stride, i, all) => i === 0 || stride === 2 * all[i - 1]!),
      () => `createDetector: each stage must have twice the stride of the one before, got ${this.pooledStrides}`,
    );
    const coarsest = this.pooledStrides.at(-1)!;
    this.strides = [...this.pooledStrides, ...Array.from({ length: extraLevels }, (_, i) => coarsest * 2 ** (i + 1))];
    const outputs = regressedClasses(classes, conventions);
    this.trunk = new TrunkLayer('backbone', backbone.model);
    this.neck = fpn({ name: 'neck', channels, inputs: specs.length, levels: this.strides.length });
    this.rpn = new RpnHead({ name: 'rpn_head', channels, anchors: settings.anchors.ratios.length });
    const heads = 'roi_head';
    const boxOptions = { channels: settings.boxes.channels, scores: classes + 1, boxes: outputs };
    this.boxes = new BoxHead({ name: `${heads}.bbox_head`, ...boxOptions });
    if (masks) {
      const { convolutions, channels: width } = settings.masks;
      this.masks = new MaskHead({ name: `${heads}.mask_head`, convolutions, channels: width, masks: outputs });
    }
    this.model = withSeed(seed, () => this.assemble(name, settings));
  }

  private assemble(name: string, { neck: { channels }, boxes, masks }: DetectorSettings): LayersModel {
    const pictures = input({ shape: [null, null, 3], name: 'images' });
    const stages = this.trunk.apply(pictures) as SymbolicTensor[];
    const firstStage = this.rpn.apply(this.neck.apply(stages) as SymbolicTensor[]) as SymbolicTensor[];
    const inputs = [pictures, input({ shape: [boxes.size, boxes.size, channels], name: 'box_features' })];
    const outputs = [...firstStage, ...(this.boxes.apply(inputs[1]!) as SymbolicTensor[])];
    if (this.masks) {
      inputs.push(input({ shape: [masks.size, masks.size, channels], name: 'mask_features' }));
      outputs.push(this.masks.apply(inputs[2]!) as SymbolicTensor);
    }
    return model({ inputs, outputs, name });
  }

  /** Trunk, pyramid and first stage. */
  firstStage(images: Tensor4D, { training }: { training: boolean }): FirstStage {
    return tidy(() => {
      const stages = this.trunk.apply(images, { training }) as Tensor | Tensor[];
      const pyramid = listOf(this.neck.apply(stages) as Tensor4D | Tensor4D[]);
      const [logits, deltas] = this.rpn.apply(pyramid) as [Tensor2D, Tensor3D];
      return { pyramid, logits, deltas };
    });
  }

  /** From pooled features [R,h,w,C] to logits [R,K] and deltas [R,4·K']. */
  secondStage(pooled: Tensor4D): { logits: Tensor2D; deltas: Tensor2D } {
    const [logits, deltas] = this.boxes.apply(pooled) as [Tensor2D, Tensor2D];
    return { logits, deltas };
  }

  /** From pooled features [R,s,s,C] to logits [R,2s,2s,K']. */
  maskLogits(pooled: Tensor4D): Tensor4D {
    return this.masks!.apply(pooled) as Tensor4D;
  }
}
