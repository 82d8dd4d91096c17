import { checkArgument } from '@covpool/base';
import {
  convolvedExtent,
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import {
  concat,
  pad,
  reshape,
  type serialization,
  slice,
  type Tensor,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

export interface SoftSplitOptions {
  /** Positions along each side of a patch. */
  kernelSize: number;
  /** Positions from one patch to the next: patches overlap where it is smaller than the kernel. */
  strides: number;
  /** Zeros on each side of the map. */
  padding?: number;
}

/**
 * The overlapping square patches of a map, each as one position: [B,H,W,C] to [B,H',W',C·k²], channel by channel and row by row inside of
 * a channel, in the order of PyTorch's `Unfold` (Yuan et al., Tokens-to-Token ViT, 2021). Made of copies alone, whose gradient every engine has.
 */
export function softSplit(x: Tensor4D, { kernelSize, strides, padding = 0 }: SoftSplitOptions): Tensor4D {
  checkArgument(x.rank === 4, () => `softSplit: the map must be [B,H,W,C], got [${x.shape}]`);
  return tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const [rows, columns] = [height, width].map((extent) => convolvedExtent(extent, kernelSize, strides, padding)!);
    const options = { kernelSize, strides, padding };
    // [B, H', k, W·C]
    const stripes = patchesOf(reshape(x, [batch, height, width * channels]), rows!, options);
    // [B·H'·k, W', k, C]
    const patches = patchesOf(reshape(stripes, [-1, width, channels]), columns!, options);
    const apart = reshape(patches, [batch * rows!, kernelSize, columns!, kernelSize * channels]);
    const together = reshape(transpose(apart, [0, 2, 1, 3]), [-1, kernelSize ** 2, channels]);
    return reshape(transpose(together, [0, 2, 1]), [batch, rows!, columns!, channels * kernelSize ** 2]);
  });
}

/**
 * Overlapping patches along the middle axis: [A,L,D] to [A,count,k,D]. Patches are whole steps of the stride and a part of one, so that they are
 * copies of the steps from the first, the second, … on, beside each other.
 */
function patchesOf(x: Tensor, count: number, { kernelSize, strides, padding }: Required<SoftSplitOptions>): Tensor {
  const [outer = 0, length = 0, inner = 0] = x.shape;
  const steps = Math.ceil(kernelSize / strides);
  const needed = (count + steps - 1) * strides;
  const padded = pad(x, [
    [0, 0],
    [padding, Math.max(needed - padding - length, 0)],
    [0, 0],
  ]);
  const exact = padded.shape[1] === needed ? padded : slice(padded, [0, 0, 0], [outer, needed, inner]);
  const apart = reshape(exact, [outer, count + steps - 1, strides, inner]);
  const copies = Array.from({ length: steps }, (_, i) => slice(apart, [0, i, 0, 0], [outer, count, strides, inner]));
  return slice(concat(copies, 2), [0, 0, 0, 0], [outer, count, kernelSize, inner]);
}

/** `softSplit` as a layer. */
export class SoftSplit extends NamedLayer {
  static className = 'covpool/backbones/SoftSplit';
  private readonly options: Required<SoftSplitOptions>;

  constructor(config: LayerConfig & SoftSplitOptions) {
    super(config);
    const { kernelSize, strides, padding = 0 } = config;
    this.options = { kernelSize, strides, padding };
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height = null, width = null, channels] = onlyShape(inputShape);
    const { kernelSize, strides, padding } = this.options;
    const extent = (e: number | null) => convolvedExtent(e, kernelSize, strides, padding);
    return [batch, extent(height), extent(width), channels! * kernelSize ** 2];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return softSplit(onlyInput(inputs) as Tensor4D, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(SoftSplit);
