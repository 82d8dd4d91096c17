import { checkArgument } from '@covpool/base';
import { CompositeLayer, Conv2d, type LayerConfig, type LayerShape, registerLayer } from '@covpool/core';
import { add, maxPool, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { nearestUpsample } from './nearest-upsample.ts';

export interface FpnConfig extends LayerConfig {
  /** Of every level of the pyramid; 256 by default. */
  channels?: number;
  /** Levels of the pyramid: as many as the inputs by default, more are subsampled from the last. */
  levels?: number;
  /** How many inputs there will be; they determine the weights. */
  inputs: number;
}

/**
 * Feature pyramid (Lin et al., CVPR 2017) without normalisation or activation: from the stage outputs `C_i`, fine to coarse, each half as
 * large as the one before it,
 *
 * `M_i = lateral_i(C_i) + nearest(M_{i+1})`, `P_i = conv3×3_i(M_i)`; a further level is every second position of the last,
 *
 * all convolutions with bias, drawn by Glorot and Bengio. The enlarging is to the exact size of the finer map. Weights are named as in
 * mmdetection: `lateral_convs.0.conv`, `fpn_convs.0.conv`. With C channels it costs about `Σ H_i·W_i·(c_i·C + 9·C²)` multiply-adds.
 *
 * Inputs [B,H_i,W_i,c_i], outputs [B,H_i,W_i,C].
 */
export class Fpn extends CompositeLayer {
  static className = 'covpool/necks/Fpn';
  private readonly options: { channels: number; levels: number; inputs: number };
  private readonly laterals: Conv2d[];
  private readonly smoothers: Conv2d[];

  constructor(config: FpnConfig) {
    super(config);
    const { channels = 256, inputs, levels = inputs } = config;
    const positive = (value: number) => Number.isInteger(value) && value > 0;
    checkArgument(
      positive(channels) && positive(inputs) && Number.isInteger(levels) && levels >= inputs,
      () =>
        `${this.name}: channels and inputs must be positive and levels at least the inputs, got ${channels}, ${inputs}, ${levels}`,
    );
    this.options = { channels, levels, inputs };
    const common = { filters: channels, bias: true, initialization: 'xavier' as const };
    const each = Array.from({ length: inputs }, (_, i) => i);
    this.laterals = each.map((i) =>
      this.adopt(new Conv2d({ ...common, name: `${this.name}.lateral_convs.${i}.conv`, kernelSize: 1 })),
    );
    this.smoothers = each.map((i) =>
      this.adopt(new Conv2d({ ...common, name: `${this.name}.fpn_convs.${i}.conv`, kernelSize: 3, padding: 1 })),
    );
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shapes = this.listOf(inputShape);
    for (const [i, shape] of shapes.entries()) {
      this.buildChain([this.laterals[i]!, this.smoothers[i]!], shape);
    }
    this.built = true;
  }

  private listOf(inputShape: LayerShape | LayerShape[]): LayerShape[] {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as LayerShape[];
    checkArgument(
      shapes.length === this.options.inputs && shapes.every(({ length }) => length === 4),
      () => `${this.name}: ${this.options.inputs} inputs [B,H,W,C] are required, got ${JSON.stringify(shapes)}`,
    );
    return shapes;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape[] {
    const { channels, levels } = this.options;
    const shapes = this.listOf(inputShape).map((shape) => [...shape.slice(0, 3), channels]);
    const half = (extent: number | null) => (extent === null ? null : Math.ceil(extent / 2));
    while (shapes.length < levels) {
      const [batch = null, height = null, width = null] = shapes.at(-1)!;
      shapes.push([batch, half(height), half(width), channels]);
    }
    return shapes;
  }

  override call(inputs: Tensor | Tensor[]): Tensor[] {
    const features = (Array.isArray(inputs) ? inputs : [inputs]) as Tensor4D[];
    return tidy(() => {
      let above: Tensor4D | undefined;
      const pyramid: Tensor4D[] = [];
      for (let i = features.length - 1; i >= 0; i--) {
        const lateral = this.laterals[i]!.apply(features[i]!) as Tensor4D;
        const [, height, width] = lateral.shape;
        const merged: Tensor4D = above ? add(lateral, nearestUpsample(above, [height, width])) : lateral;
        pyramid.unshift(this.smoothers[i]!.apply(merged) as Tensor4D);
        above = merged;
      }
      while (pyramid.length < this.options.levels) pyramid.push(maxPool(pyramid.at(-1)!, 1, 2, 'valid'));
      return pyramid;
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(Fpn);

/**
 * A feature pyramid as a layer.
 *
 * ```ts
 * const { model, specs } = createBackbone('resnet50');
 * const pyramid = fpn({ name: 'neck', inputs: 4, levels: 5 }).apply(model.outputs); // p2 … p6
 * ```
 */
export const fpn = (config: FpnConfig): Fpn => new Fpn(config);
