import { checkArgument } from '@covpool/base';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { constant } from './initializers.ts';
import { type LayerShape, NamedLayer, onlyShape } from './named-layer.ts';

/** What the normalisations of features share: a weight and a bias for each channel, the last axis; the shape stays. */
export abstract class AffineNorm extends NamedLayer {
  protected scale!: LayerVariable;
  protected offset!: LayerVariable;

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape).at(-1);
    checkArgument(
      typeof channels === 'number',
      () => `${this.name}: the number of channels must be known, got [${inputShape}]`,
    );
    this.scale = this.addNamedWeight('weight', [channels], constant(1));
    this.offset = this.addNamedWeight('bias', [channels], constant(0));
    this.built = true;
  }
}
