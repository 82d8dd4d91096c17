import { relu, relu6, type serialization, type Tensor } from '@tensorflow/tfjs-core';
import { type LayerConfig, NamedLayer, onlyInput, registerLayer } from './named-layer.ts';
import type { OnnxExportable, OnnxGraph, OnnxValue } from './onnx.ts';

export type ActivationName = 'relu' | 'relu6';

/** The activations of the reduction blocks. */
export const activations: Record<ActivationName, (x: Tensor) => Tensor> = {
  relu: (x) => relu(x),
  relu6: (x) => relu6(x),
};

/** The same as nodes of ONNX; returns the name of the output. */
export const activationToOnnx = (graph: OnnxGraph, activation: ActivationName, input: string): string =>
  activation === 'relu' ? graph.add('Relu', [input]) : graph.add('Clip', [input, graph.constant(0), graph.constant(6)]);

export interface ActivationConfig extends LayerConfig {
  activation: ActivationName;
}

/** An activation as a layer: `relu` is max(x, 0), `relu6` min(max(x, 0), 6). */
export class Activation extends NamedLayer implements OnnxExportable {
  static className = 'covpool/core/Activation';
  private readonly activation: ActivationName;

  constructor(config: ActivationConfig) {
    super(config);
    this.activation = config.activation;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return activations[this.activation](onlyInput(inputs));
  }

  toOnnx(graph: OnnxGraph, { name }: OnnxValue): string {
    return activationToOnnx(graph, this.activation, name);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), activation: this.activation };
  }
}

registerLayer(Activation);
