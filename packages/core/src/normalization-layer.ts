import type { serialization, Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { NamedLayer, onlyInput } from './named-layer.ts';

/** A layer from matrices [B,r1,r2] to matrices of the same shape. Subclasses say what is done to them, with which options. */
export abstract class NormalizationLayer extends NamedLayer {
  /** What is saved with the layer and comes back to its constructor. */
  protected abstract readonly options: serialization.ConfigDict;

  protected abstract normalize(a: Tensor3D): Tensor;

  override call(inputs: Tensor | Tensor[]): Tensor {
    return this.normalize(onlyInput(inputs) as Tensor3D);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}
