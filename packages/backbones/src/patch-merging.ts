import { checkArgument } from '@covpool/base';
import { type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import { reshape, type Tensor, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * Puts every 2×2 positions of a map into one: [B,H,W,C] to [B,H/2,W/2,4C], channels of the upper left, lower left, upper right and lower
 * right position in a row (Liu et al. 2021).
 *
 * @throws bad-argument for a map with an odd side
 */
export function mergePatches(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  checkArgument(
    x.rank === 4 && height % 2 === 0 && width % 2 === 0,
    () => `mergePatches: the map must be [B,H,W,C] with even sides, got [${x.shape}]`,
  );
  return tidy(() => {
    const pairs = transpose(reshape(x, [(batch * height) / 2, 2, width, channels]), [0, 2, 1, 3]);
    return reshape(pairs, [batch, height / 2, width / 2, 4 * channels]);
  });
}

const half = (extent: number | null | undefined): number | null => (extent ? Math.floor(extent / 2) : null);

/** `mergePatches` as a layer. */
export class PatchMerging extends NamedLayer {
  static className = 'covpool/backbones/PatchMerging';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height, width, channels] = onlyShape(inputShape);
    return [batch, half(height), half(width), 4 * channels!];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return mergePatches(onlyInput(inputs) as Tensor4D);
  }
}

registerLayer(PatchMerging);
