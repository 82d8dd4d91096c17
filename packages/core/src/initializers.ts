import { Random } from '@covpool/base';
import { serialization, tensor, type DataType, type Tensor } from '@tensorflow/tfjs-core';
import { orthonormalColumns } from './manifold.ts';
import { initializationSeed } from './training-scope.ts';

/** How a weight starts. */
export type InitialValues =
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; deviation: number }
  | { kind: 'uniform'; bound: number }
  | { kind: 'orthonormal'; scale?: number }
  | { kind: 'values'; values: number[] };

/** He et al. 2015 with gain √2: N(0, √(2 / fan)). */
export const kaimingNormal = (fan: number): InitialValues => ({ kind: 'normal', deviation: Math.sqrt(2 / fan) });

/** PyTorch's default for linear and convolution weights and biases: U(−1/√fanIn, 1/√fanIn). */
export const torchUniform = (fanIn: number): InitialValues => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) });

/** Glorot & Bengio 2010: U(±√(6 / (fanIn + fanOut))). */
export const xavierUniform = (fanIn: number, fanOut: number): InitialValues => ({
  kind: 'uniform',
  bound: Math.sqrt(6 / (fanIn + fanOut)),
});

/** A point of the Stiefel manifold: the Q of a Gaussian [n,p], n ≥ p. Uniformly distributed over the manifold. */
export const orthonormal: InitialValues = { kind: 'orthonormal' };

export const constant = (value: number): InitialValues => ({ kind: 'constant', value });

/**
 * Fills a weight as a function of the current seed (`withSeed`) and of the weight's full name alone. It has the shape of
 * TensorFlow.js's initialisers, whose base class is not exported.
 */
export class SeededInitializer extends serialization.Serializable {
  static className = 'covpool/core/SeededInitializer';

  constructor(private readonly weightName: string, private readonly values: InitialValues) {
    super();
  }

  apply(shape: (number | null)[], dtype: DataType = 'float32'): Tensor {
    const extents = shape as number[];
    const filled = new Float32Array(extents.reduce((product, extent) => product * extent, 1));
    const { values } = this;
    if (values.kind === 'values') return tensor(Float32Array.from(values.values), extents, dtype);
    const random = new Random(initializationSeed(this.weightName));
    for (let i = 0; i < filled.length; i++) {
      if (values.kind === 'constant') filled[i] = values.value;
      else if (values.kind === 'normal') filled[i] = random.normal(0, values.deviation);
      else if (values.kind === 'uniform') filled[i] = random.uniform(-values.bound, values.bound);
      else filled[i] = random.normal();
    }
    if (values.kind === 'orthonormal') {
      const { scale = 1 } = values;
      filled.set(orthonormalColumns(filled, extents[0]!, extents[1]!).map((value) => scale * value));
    }
    return tensor(filled, extents, dtype);
  }

  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  getConfig(): serialization.ConfigDict {
    return { weightName: this.weightName, values: { ...this.values } };
  }
}
