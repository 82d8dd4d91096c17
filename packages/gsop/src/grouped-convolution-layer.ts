import { checkArgument } from '@covpool/base';
import {
  constant,
  kaimingNormal,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { groupedConvolution } from './grouped-convolution.ts';

/** Groups and kernel of the fusion by concatenation, for C channels: `2f + 5` rows, f = log₂(32/groups) less its fraction. */
export function fusionShape(channels: number): { groups: number; kernel: number } {
  const groups = Math.max(1, Math.floor(channels / 64));
  return { groups, kernel: 2 * Math.trunc(Math.log2(32 / groups)) + 5 };
}

/** `groupedConvolution` in the shape of the fusion, as many channels out as in (He-normal by the fan out, bias 0). */
export class GroupedConvolution extends NamedLayer {
  static className = 'covpool/gsop/GroupedConvolution';
  private groups!: number;
  private filter!: LayerVariable;
  private bias!: LayerVariable;

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape)[3]!;
    const { groups, kernel } = fusionShape(channels);
    checkArgument(
      channels % groups === 0 && kernel > 0,
      () =>
        `${this.name}: ${groups} groups of a kernel of ${kernel} rows do not fit ${channels} channels; take another fusion`,
    );
    this.groups = groups;
    this.filter = this.addNamedWeight(
      'weight',
      [kernel, 1, channels / groups, channels],
      kaimingNormal(kernel * channels),
      {
        toTorch: [3, 2, 0, 1],
      },
    );
    this.bias = this.addNamedWeight('bias', [channels], constant(0));
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [filter, bias] = [this.filter.read() as Tensor4D, this.bias.read() as Tensor1D];
    return groupedConvolution(onlyInput(inputs) as Tensor4D, filter, bias, this.groups);
  }
}

registerLayer(GroupedConvolution);
