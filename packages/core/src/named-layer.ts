import { serialization, type Tensor } from '@tensorflow/tfjs-core';
import { layers, type LayerVariable } from '@tensorflow/tfjs-layers';
import { type InitialValues, SeededInitializer } from './initializers.ts';
import type { Manifold } from './manifold.ts';
import { sharedGlobal } from './shared-global.ts';

/** What every layer of TensorFlow.js accepts: `name`, `trainable`, `inputShape`, … */
export type LayerConfig = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

export type LayerShape = (number | null)[];

/** A weight under its PyTorch name, with the permutation that takes our layout to PyTorch's (absent: the same). */
export interface StateEntry {
  name: string;
  variable: LayerVariable;
  toTorch?: number[];
  /** What covpool's optimisers keep the weight on; those of TensorFlow.js know nothing of it. Absent: anywhere. */
  manifold?: Manifold;
  /** Never trained, whatever the layer's `trainable` says: running statistics, fixed tables. */
  buffer?: boolean;
}

interface WeightOptions {
  trainable?: boolean;
  toTorch?: number[];
  manifold?: Manifold;
}

/**
 * The base of covpool's layers. A layer's name is its path in the network in PyTorch's style (`layer1.0.conv1`), its
 * weights have PyTorch's names (`weight`, `bias`, `running_mean`, …), and the initial values depend on both and the seed.
 */
export abstract class NamedLayer extends layers.Layer {
  private readonly ownState: StateEntry[] = [];

  constructor(config: LayerConfig) {
    super({ ...config, name: config.name ?? defaultName(new.target as unknown as { className: string }) });
  }

  protected addNamedWeight(
    weight: string,
    shape: LayerShape,
    values: InitialValues,
    { trainable = true, toTorch, manifold }: WeightOptions = {},
  ): LayerVariable {
    const name = `${this.name}.${weight}`;
    const initializer = new SeededInitializer(name, values);
    const variable = this.addWeight(weight, shape, 'float32', initializer, undefined, trainable);
    this.ownState.push({ name, variable, toTorch, manifold, buffer: !trainable });
    return variable;
  }

  /**
   * Multiply-adds of the layer's convolutions and linear maps for one input of this shape, whose extents but the batch are
   * known. Published tables count these alone; layers without any have 0.
   */
  multiplyAdds(_inputShape: LayerShape): number {
    return 0;
  }

  /** This layer's weights by their PyTorch names. */
  stateEntries(): StateEntry[] {
    return [...this.ownState];
  }
}

/** The one tensor that a layer was called on. */
export function onlyInput(inputs: Tensor | Tensor[]): Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}

/** The one shape that a layer was built for. */
export function onlyShape(shape: LayerShape | LayerShape[]): LayerShape {
  return Array.isArray(shape[0]) ? (shape as LayerShape[])[0]! : (shape as LayerShape);
}

/** How many values a shape holds beside the batch. */
export function valueCount(shape: LayerShape): number {
  return shape.slice(1).reduce<number>((product, extent) => product * extent!, 1);
}

/** Whether a call asks for training behaviour (batch statistics, masks). */
export function isTraining(kwargs: { training?: unknown } | undefined): boolean {
  return kwargs?.training === true;
}

/** Makes a layer class known to `loadLayersModel`. */
export function registerLayer<T extends serialization.Serializable>(
  layerClass: serialization.SerializableConstructor<T>,
): void {
  serialization.registerClass(layerClass);
}

const counters = sharedGlobal('layer-counters', () => new Map<string, number>());

function defaultName({ className }: { className: string }): string {
  const stem = className
    .slice(className.lastIndexOf('/') + 1)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
  const count = (counters.get(stem) ?? 0) + 1;
  counters.set(stem, count);
  return `${stem}_${count}`;
}
