import { CompositeLayer, type LayerShape, modelState, onlyInput, type StateEntry } from '@covpool/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** A backbone inside a detector: its weights keep their names, below that of this layer. */
export class TrunkLayer extends CompositeLayer {
  static className = 'covpool/detectors/TrunkLayer';

  constructor(name: string, private readonly network: LayersModel) {
    super({ name });
    this.adopt(network);
  }

  override computeOutputShape(): LayerShape[] {
    return this.network.outputs.map(({ shape }) => shape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor[] {
    const stages = this.network.apply(onlyInput(inputs), kwargs) as Tensor | Tensor[] | SymbolicTensor;
    return (Array.isArray(stages) ? stages : [stages]) as Tensor[];
  }

  override stateEntries(): StateEntry[] {
    return modelState(this.network).map((entry) => ({ ...entry, name: `${this.name}.${entry.name}` }));
  }
}
