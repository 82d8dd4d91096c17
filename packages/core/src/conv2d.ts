import { checkArgument } from '@covpool/base';
import type { serialization, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { constant, type InitialValues, kaimingNormal, torchUniform, xavierUniform } from './initializers.ts';
import { convolution } from './convolution.ts';
import { convolvedExtent, onnxWindow } from './window.ts';
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

export interface Conv2dConfig extends LayerConfig {
  filters: number;
  kernelSize: number;
  strides?: number;
  /** Zeros added on each side (PyTorch's `padding`). */
  padding?: number;
  bias?: boolean;
  /**
   * `kaiming`: N(0, √(2/(k·k·filters))); `xavier`: U(±√(6/(fanIn + fanOut))); a deviation σ: N(0, σ); the bias of all these starts
   * at 0. `torch`: PyTorch's default U(±1/√fanIn) for both.
   */
  initialization?: ConvolutionInitialization;
}

export type ConvolutionInitialization = 'kaiming' | 'xavier' | 'torch' | { deviation: number };

/** Convolution with PyTorch's padding and weight names; NHWC. */
export class Conv2d extends NamedLayer implements OnnxExportable {
  static className = 'covpool/core/Conv2d';
  private readonly options: Required<Pick<Conv2dConfig, 'filters' | 'kernelSize' | 'strides' | 'padding' | 'bias'>> & {
    initialization: ConvolutionInitialization;
  };
  private filter!: LayerVariable;
  private offset?: LayerVariable;

  constructor(config: Conv2dConfig) {
    super(config);
    const { filters, kernelSize, strides = 1, padding = 0, bias = false, initialization = 'kaiming' } = config;
    this.options = { filters, kernelSize, strides, padding, bias, initialization };
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape)[3];
    checkArgument(
      typeof channels === 'number',
      () => `${this.name}: the number of channels must be known, got [${inputShape}]`,
    );
    const { filters, kernelSize: k, bias } = this.options;
    this.filter = this.addNamedWeight('weight', [k, k, channels, filters], this.initial(k * k * channels), {
      toTorch: [3, 2, 0, 1],
    });
    if (bias) this.offset = this.addNamedWeight('bias', [filters], this.initialBias(k * k * channels));
    this.built = true;
  }

  private initial(fanIn: number): InitialValues {
    const { kernelSize, filters, initialization } = this.options;
    const fanOut = kernelSize * kernelSize * filters;
    if (typeof initialization === 'object') return { kind: 'normal', deviation: initialization.deviation };
    if (initialization === 'xavier') return xavierUniform(fanIn, fanOut);
    return initialization === 'kaiming' ? kaimingNormal(fanOut) : torchUniform(fanIn);
  }

  private initialBias(fanIn: number): InitialValues {
    return this.options.initialization === 'torch' ? torchUniform(fanIn) : constant(0);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height = null, width = null] = onlyShape(inputShape);
    const { filters, kernelSize, strides, padding } = this.options;
    const extent = (e: number | null) => convolvedExtent(e, kernelSize, strides, padding);
    return [batch, extent(height), extent(width), filters];
  }

  override multiplyAdds(inputShape: LayerShape): number {
    return this.options.kernelSize ** 2 * inputShape[3]! * valueCount(this.computeOutputShape(inputShape));
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { strides, padding } = this.options;
    const bias = this.offset?.read() as Tensor1D | undefined;
    return convolution(onlyInput(inputs) as Tensor4D, this.filter.read() as Tensor4D, { strides, padding, bias });
  }

  toOnnx(graph: OnnxGraph, { name }: OnnxValue): string {
    const { kernelSize, strides, padding, bias } = this.options;
    const weights = ['weight', ...(bias ? ['bias'] : [])].map((weight) => graph.weight(this, weight));
    return graph.add('Conv', [name, ...weights], onnxWindow(kernelSize, strides, padding));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(Conv2d);
