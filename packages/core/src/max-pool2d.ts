import { maxPool, type serialization, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { convolvedExtent, onnxWindow } from './window.ts';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';
import type { OnnxExportable, OnnxGraph, OnnxValue } from './onnx.ts';

export interface MaxPool2dConfig extends LayerConfig {
  kernelSize: number;
  strides: number;
  /** Padding with −∞ on each side (PyTorch's semantics). */
  padding?: number;
}

/** Max-pooling with PyTorch's symmetric padding, NHWC. */
export class MaxPool2d extends NamedLayer implements OnnxExportable {
  static className = 'covpool/core/MaxPool2d';
  private readonly options: { kernelSize: number; strides: number; padding: number };

  constructor(config: MaxPool2dConfig) {
    super(config);
    this.options = { kernelSize: config.kernelSize, strides: config.strides, padding: config.padding ?? 0 };
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height = null, width = null, channels = null] = onlyShape(inputShape);
    const { kernelSize, strides, padding } = this.options;
    const extent = (e: number | null) => convolvedExtent(e, kernelSize, strides, padding);
    return [batch, extent(height), extent(width), channels];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { kernelSize, strides, padding } = this.options;
    return maxPool(onlyInput(inputs) as Tensor4D, kernelSize, strides, padding);
  }

  toOnnx(graph: OnnxGraph, { name }: OnnxValue): string {
    const { kernelSize, strides, padding } = this.options;
    return graph.add('MaxPool', [name], onnxWindow(kernelSize, strides, padding));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(MaxPool2d);
