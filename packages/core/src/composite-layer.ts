import { input, type layers, type LayerVariable, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type LayerShape, NamedLayer, type StateEntry } from './named-layer.ts';

/**
 * A layer with children. TensorFlow.js tracks only a layer's own weights; this one's weights are its children's too, so
 * that they are trained, counted, saved, loaded, frozen and disposed of with it. The constructor creates the children
 * from the configuration (so that a reloaded layer has them) and `build` builds them.
 */
export abstract class CompositeLayer extends NamedLayer {
  private readonly children: layers.Layer[] = [];

  /** Adopts a child and returns it; it is frozen if this layer is. */
  protected adopt<T extends layers.Layer>(child: T): T {
    if (!this.trainable) child.trainable = false;
    this.children.push(child);
    return child;
  }

  /** Builds a chain of children for a shape, their weights named below this layer's; returns the shape that comes out. */
  protected buildChain(chain: layers.Layer[], shape: LayerShape): LayerShape {
    let symbolic: SymbolicTensor = input({ batchShape: shape });
    for (const child of chain) symbolic = child.apply(symbolic) as SymbolicTensor;
    return symbolic.shape;
  }

  override get trainableWeights(): LayerVariable[] {
    return [...super.trainableWeights, ...this.children.flatMap((child) => child.trainableWeights)];
  }

  override set trainableWeights(weights: LayerVariable[]) {
    super.trainableWeights = weights;
  }

  override get nonTrainableWeights(): LayerVariable[] {
    return [...super.nonTrainableWeights, ...this.children.flatMap((child) => child.nonTrainableWeights)];
  }

  override set nonTrainableWeights(weights: LayerVariable[]) {
    super.nonTrainableWeights = weights;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    for (const child of this.children) child.trainable = trainable;
  }

  override stateEntries(): StateEntry[] {
    const below = this.children.flatMap((child) => (child instanceof NamedLayer ? child.stateEntries() : []));
    return [...super.stateEntries(), ...below];
  }
}
