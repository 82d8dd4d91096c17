import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  type OnnxExportable,
  type OnnxGraph,
  type OnnxValue,
  registerLayer,
} from '@covpool/core';
import { type serialization, slice, type Tensor } from '@tensorflow/tfjs-core';

export interface ChannelSliceConfig extends LayerConfig {
  from: number;
  size: number;
}

/** Some channels of [B,H,W,C]. */
export class ChannelSlice extends NamedLayer implements OnnxExportable {
  static className = 'covpool/backbones/ChannelSlice';
  private readonly extent: { from: number; size: number };

  constructor(config: ChannelSliceConfig) {
    super(config);
    this.extent = { from: config.from, size: config.size };
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return [...onlyShape(inputShape).slice(0, -1), this.extent.size];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { from, size } = this.extent;
    return slice(onlyInput(inputs), [0, 0, 0, from], [-1, -1, -1, size]);
  }

  toOnnx(graph: OnnxGraph, { name }: OnnxValue): string {
    const { from, size } = this.extent;
    return graph.add('Slice', [name, graph.integers([from]), graph.integers([from + size]), graph.integers([1])]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.extent };
  }
}

registerLayer(ChannelSlice);
