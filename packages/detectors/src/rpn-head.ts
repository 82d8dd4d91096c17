import { CompositeLayer, Conv2d, type LayerConfig, type LayerShape, registerLayer } from '@covpool/core';
import { concat, relu, reshape, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

export interface RpnHeadConfig extends LayerConfig {
  /** Of the levels, and of the 3×3 convolution. */
  channels: number;
  /** Anchors per position. */
  anchors: number;
}

/**
 * The first stage's head, the same for every level of a pyramid: a 3×3 convolution and ReLU, then 1×1 to a logit and to four deltas per
 * anchor; weights N(0, 0.01), biases 0. Inputs [B,H_i,W_i,C]; outputs logits [B,N] and deltas [B,N,4] of all levels, one level
 * after the other, row by row, the anchors of a position together, as `gridAnchors` has them.
 *
 * Paper: Ren, He, Girshick & Sun, Faster R-CNN, NIPS 2015.
 */
export class RpnHead extends CompositeLayer {
  static className = 'covpool/detectors/RpnHead';
  private readonly options: { channels: number; anchors: number };
  private readonly shared: Conv2d;
  private readonly classify: Conv2d;
  private readonly regress: Conv2d;

  constructor(config: RpnHeadConfig) {
    super(config);
    const { channels, anchors } = config;
    this.options = { channels, anchors };
    const common = { bias: true, initialization: { deviation: 0.01 } };
    const named = (name: string) => `${this.name}.${name}`;
    this.shared = this.adopt(
      new Conv2d({ ...common, name: named('rpn_conv'), filters: channels, kernelSize: 3, padding: 1 }),
    );
    this.classify = this.adopt(new Conv2d({ ...common, name: named('rpn_cls'), filters: anchors, kernelSize: 1 }));
    this.regress = this.adopt(new Conv2d({ ...common, name: named('rpn_reg'), filters: 4 * anchors, kernelSize: 1 }));
  }

  override build(): void {
    const { channels } = this.options;
    const shape = this.buildChain([this.shared, this.classify], [null, null, null, channels]);
    this.buildChain([this.regress], [...shape.slice(0, 3), channels]);
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape[] {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as LayerShape[];
    const counts = shapes.map(([, height, width]) =>
      height == null || width == null ? null : height * width * this.options.anchors,
    );
    const total = counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
    const batch = shapes[0]![0] ?? null;
    return [
      [batch, total],
      [batch, total, 4],
    ];
  }

  override call(inputs: Tensor | Tensor[]): Tensor[] {
    const levels = (Array.isArray(inputs) ? inputs : [inputs]) as Tensor4D[];
    return tidy(() => {
      const batch = levels[0]!.shape[0];
      const hidden = levels.map((level) => relu(this.shared.apply(level) as Tensor4D));
      const logits = hidden.map((level) => reshape(this.classify.apply(level) as Tensor4D, [batch, -1]));
      const deltas = hidden.map((level) => reshape(this.regress.apply(level) as Tensor4D, [batch, -1, 4]));
      return [concat(logits, 1), concat(deltas, 1)];
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(RpnHead);
