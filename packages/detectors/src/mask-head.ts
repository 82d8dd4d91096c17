import {
  CompositeLayer,
  Conv2d,
  type LayerConfig,
  type LayerShape,
  onlyInput,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import { relu, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { Deconvolution } from './deconvolution.ts';

export interface MaskHeadConfig extends LayerConfig {
  /** How many 3×3 convolutions. */
  convolutions: number;
  channels: number;
  /** One mask for each class that has one (`regressedClasses`). */
  masks: number;
}

/**
 * The head for masks: 3×3 convolutions with ReLU on pooled features [R,s,s,C], a deconvolution that doubles the extent with ReLU, a 1×1
 * convolution to a logit per class, [R,2s,2s,K]. Weights as He et al. draw them, biases 0.
 *
 * Paper: He, Gkioxari, Dollár & Girshick, Mask R-CNN, ICCV 2017.
 */
export class MaskHead extends CompositeLayer {
  static className = 'covpool/detectors/MaskHead';
  private readonly options: { convolutions: number; channels: number; masks: number };
  private readonly hidden: Conv2d[];
  private readonly enlarge: Deconvolution;
  private readonly classify: Conv2d;

  constructor(config: MaskHeadConfig) {
    super(config);
    const { convolutions, channels, masks } = config;
    this.options = { convolutions, channels, masks };
    this.hidden = Array.from({ length: convolutions }, (_, i) => {
      const name = `${this.name}.convs.${i}.conv`;
      return this.adopt(new Conv2d({ name, filters: channels, kernelSize: 3, padding: 1, bias: true }));
    });
    this.enlarge = this.adopt(new Deconvolution({ name: `${this.name}.upsample`, filters: channels }));
    const name = `${this.name}.conv_logits`;
    this.classify = this.adopt(new Conv2d({ name, filters: masks, kernelSize: 1, bias: true }));
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    this.buildChain([...this.hidden, this.enlarge, this.classify], onlyShape(inputShape));
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height = null, width = null] = onlyShape(inputShape);
    const twice = (extent: number | null) => (extent === null ? null : 2 * extent);
    return [batch, twice(height), twice(width), this.options.masks];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      let features = onlyInput(inputs) as Tensor4D;
      for (const layer of [...this.hidden, this.enlarge]) features = relu(layer.apply(features) as Tensor4D);
      return this.classify.apply(features) as Tensor;
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(MaskHead);
