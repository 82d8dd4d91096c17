import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import { reshape, type serialization, slice, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';

/** The tokens behind the class token as a square map: [B,1+side²,C] to [B,side,side,C]. */
export class PatchMap extends NamedLayer {
  static className = 'covpool/backbones/PatchMap';
  private readonly side: number;

  constructor(config: LayerConfig & { side: number }) {
    super(config);
    this.side = config.side;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, , channels = null] = onlyShape(inputShape);
    return [batch, this.side, this.side, channels];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs) as Tensor3D;
      const [batch, , channels] = x.shape;
      const { side } = this;
      return reshape(slice(x, [0, 1, 0], [batch, side * side, channels]), [batch, side, side, channels]);
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), side: this.side };
  }
}

registerLayer(PatchMap);
