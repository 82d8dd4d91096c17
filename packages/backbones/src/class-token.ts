import { checkArgument } from '@covpool/base';
import { type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer, type StateEntry } from '@covpool/core';
import { concat, reshape, slice, type Tensor, type Tensor3D, tidy, tile } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';

/**
 * Makes the positions of a map [B,H,W,C] tokens, row by row, and puts a trained one in front: [B,1+H·W,C] (Dosovitskiy et al. 2021). The
 * layer's name is the weight's: `cls_token`.
 */
export class ClassToken extends NamedLayer {
  static className = 'covpool/backbones/ClassToken';
  private token!: LayerVariable;

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape[3];
    checkArgument(
      shape.length === 4 && typeof channels === 'number',
      () => `${this.name}: the map must be [B,H,W,C] with known C, got [${shape}]`,
    );
    this.token = this.addNamedWeight('token', [1, 1, channels], { kind: 'normal', deviation: 0.02 });
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, height, width, channels = null] = onlyShape(inputShape);
    return [batch, height && width ? 1 + height * width : null, channels];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs);
      const [batch = 0, , , channels = 0] = x.shape;
      const patches: Tensor3D = reshape(x, [batch, -1, channels]);
      return concat([tile(this.token.read() as Tensor3D, [batch, 1, 1]), patches], 1);
    });
  }

  override stateEntries(): StateEntry[] {
    return super.stateEntries().map((entry) => ({ ...entry, name: this.name }));
  }
}

/** The first of the tokens, [B,1+N,C] to [B,C]. */
export class FirstToken extends NamedLayer {
  static className = 'covpool/backbones/FirstToken';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, , channels = null] = onlyShape(inputShape);
    return [batch, channels];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs) as Tensor3D;
      const [batch, , channels] = x.shape;
      return reshape(slice(x, [0, 0, 0], [batch, 1, channels]), [batch, channels]);
    });
  }
}

registerLayer(ClassToken);
registerLayer(FirstToken);
