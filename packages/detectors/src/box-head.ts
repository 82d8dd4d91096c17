import {
  CompositeLayer,
  type LayerConfig,
  type LayerShape,
  Linear,
  onlyInput,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import { relu, reshape, type serialization, type Tensor, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';

export interface BoxHeadConfig extends LayerConfig {
  /** Width of the two hidden layers. */
  channels: number;
  /** Outputs of the classifier: the classes and the background. */
  scores: number;
  /** How many boxes are regressed per RoI (`regressedClasses`). */
  boxes: number;
}

/**
 * The second stage's head for boxes: pooled features [R,h,w,C] flattened channel by channel, two hidden layers with ReLU drawn by Glorot
 * and Bengio, then logits [R,K] from weights N(0, 0.01) and four deltas for each box, [R,4·K'], from weights N(0, 0.001).
 * Multiply-adds per RoI: h·w·C·D + D² + D·(K + 4·K').
 */
export class BoxHead extends CompositeLayer {
  static className = 'covpool/detectors/BoxHead';
  private readonly options: { channels: number; scores: number; boxes: number };
  private readonly hidden: [Linear, Linear];
  private readonly classify: Linear;
  private readonly regress: Linear;

  constructor(config: BoxHeadConfig) {
    super(config);
    const { channels, scores, boxes } = config;
    this.options = { channels, scores, boxes };
    const hidden = (i: number) =>
      this.adopt(new Linear({ name: `${this.name}.shared_fcs.${i}`, units: channels, initialization: 'xavier' }));
    this.hidden = [hidden(0), hidden(1)];
    this.classify = this.adopt(new Linear({ name: `${this.name}.fc_cls`, units: scores, deviation: 0.01 }));
    this.regress = this.adopt(new Linear({ name: `${this.name}.fc_reg`, units: 4 * boxes, deviation: 0.001 }));
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const [, height, width, channels] = onlyShape(inputShape);
    const shape = this.buildChain(this.hidden, [null, height! * width! * channels!]);
    this.buildChain([this.classify], shape);
    this.buildChain([this.regress], shape);
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape[] {
    const batch = onlyShape(inputShape)[0] ?? null;
    return [
      [batch, this.options.scores],
      [batch, 4 * this.options.boxes],
    ];
  }

  override call(inputs: Tensor | Tensor[]): Tensor[] {
    const features = onlyInput(inputs) as Tensor4D;
    return tidy(() => {
      const flat = reshape(transpose(features, [0, 3, 1, 2]), [features.shape[0], -1]);
      const first = relu(this.hidden[0].apply(flat) as Tensor);
      const second = relu(this.hidden[1].apply(first) as Tensor);
      return [this.classify.apply(second) as Tensor, this.regress.apply(second) as Tensor];
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(BoxHead);
