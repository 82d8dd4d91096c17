import { checkArgument } from '@covpool/base';
import {
  type LayerConfig,
  NamedLayer,
  onlyInput,
  type OnnxExportable,
  type OnnxGraph,
  type OnnxValue,
  registerLayer,
} from '@covpool/core';
import { reshape, type serialization, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * Takes one channel of each of so many groups in turn: `out[g·i + j] = in[C/g·j + i]`, channels last (Zhang et al., ShuffleNet,
 * 2018). With C/g groups it undoes itself.
 *
 * @param x [..., C]
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const channels = x.shape.at(-1)!;
  checkArgument(
    channels % groups === 0,
    () => `channelShuffle: groups must divide the channels, got ${groups} of ${channels}`,
  );
  return tidy(() => reshape(transpose(reshape(x, [-1, groups, channels / groups]), [0, 2, 1]), x.shape));
}

/** `channelShuffle` as a layer. */
export class ChannelShuffle extends NamedLayer implements OnnxExportable {
  static className = 'covpool/backbones/ChannelShuffle';
  private readonly groups: number;

  constructor(config: LayerConfig & { groups: number }) {
    super(config);
    this.groups = config.groups;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return channelShuffle(onlyInput(inputs), this.groups);
  }

  /** A choice of channels, which needs no extents, unlike two reshapes. */
  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    const channels = shape.at(-1)!;
    const each = channels / this.groups;
    const from = Array.from({ length: channels }, (_, k) => each * (k % this.groups) + Math.floor(k / this.groups));
    return graph.add('Gather', [name, graph.integers(from)], { axis: 1 });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups };
  }
}

registerLayer(ChannelShuffle);
