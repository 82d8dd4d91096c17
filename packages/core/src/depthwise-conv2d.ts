import { checkArgument } from '@covpool/base';
import type { serialization, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { depthwiseConvolution } from './depthwise-convolution.ts';
import { convolvedExtent, onnxWindow } from './window.ts';
import { kaimingNormal, torchUniform } from './initializers.ts';
import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
  valueCount,
} from './named-layer.ts';
import type { OnnxExportable, OnnxGraph, OnnxValue } from './onnx.ts';

export interface DepthwiseConv2dConfig extends LayerConfig {
  kernelSize: number;
  strides?: number;
  /** Zeros added on each side (PyTorch's `padding`). */
  padding?: number;
  /** `kaiming`: N(0, √(2/(k·k·C))), as PyTorch counts the fan of grouped filters; `torch`: its default U(±1/k). */
  initialization?: 'kaiming' | 'torch';
}

/** PyTorch's convolution with as many groups as channels, without bias: `weight` is [C,1,k,k] there; NHWC. */
export class DepthwiseConv2d extends NamedLayer implements OnnxExportable {
  static className = 'covpool/core/DepthwiseConv2d';
  private readonly options: Required<Pick<DepthwiseConv2dConfig, 'kernelSize' | 'strides' | 'padding'>> & {
    initialization: 'kaiming' | 'torch';
  };
  private filter!: LayerVariable;

  constructor(config: DepthwiseConv2dConfig) {
    super(config);
    const { kernelSize, strides = 1, padding = 0, initialization = 'kaiming' } = config;
    this.options = { kernelSize, strides, padding, initialization };
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape)[3];
    checkArgument(
      typeof channels === 'number',
      () => `${this.name}: the number of channels must be known, got [${inputShape}]`,
    );
    const { kernelSize: k, initialization } = this.options;
    const values = initialization === 'kaiming' ? kaimingNormal(k * k * channels) : torchUniform(k * k);
    this.filter = this.addNamedWeight('weight', [k, k, channels, 1], values, { toTorch: [2, 3, 0, 1] });
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height = null, width = null, channels = null] = onlyShape(inputShape);
    const { kernelSize, strides, padding } = this.options;
    const extent = (e: number | null) => convolvedExtent(e, kernelSize, strides, padding);
    return [batch, extent(height), extent(width), channels];
  }

  override multiplyAdds(inputShape: LayerShape): number {
    return this.options.kernelSize ** 2 * valueCount(this.computeOutputShape(inputShape));
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { strides, padding } = this.options;
    return depthwiseConvolution(onlyInput(inputs) as Tensor4D, this.filter.read() as Tensor4D, { strides, padding });
  }

  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    const { kernelSize, strides, padding } = this.options;
    const attributes = { ...onnxWindow(kernelSize, strides, padding), group: shape.at(-1)! };
    return graph.add('Conv', [name, graph.weight(this, 'weight')], attributes);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(DepthwiseConv2d);
