import { constant, initializationSeed, type PoolingConfig, PoolingLayer, poolings, registerLayer } from '@covpool/core';
import { type serialization, type Tensor1D, tensor1d, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { compactDescriptor } from './compact-bilinear.ts';
import { checkOutputDim, compactSketch } from './compact-sketch.ts';

export interface CompactBilinearPoolingConfig extends PoolingConfig {
  /** The length D of the descriptor (of each group's). */
  outputDim?: number;
}

const hashNames = ['h1', 'h2', 's1', 's2'] as const;

/**
 * Compact bilinear pooling. Its hashes are drawn from the seed and the layer's name and kept as weights that are not trained
 * (`h1`, `h2`, `s1`, `s2`), so that a saved network finds them again.
 */
export class CompactBilinearPooling extends PoolingLayer {
  static className = 'covpool/covariance/CompactBilinearPooling';
  private readonly outputDim: number;
  private readonly hashes: Partial<Record<(typeof hashNames)[number], LayerVariable>> = {};

  constructor(config: CompactBilinearPoolingConfig) {
    super(config);
    const { outputDim = 8192 } = config;
    checkOutputDim(this.name, outputDim);
    this.outputDim = outputDim;
  }

  protected override buildPooling(channels: number): void {
    const sketch = compactSketch(channels, this.outputDim, initializationSeed(`${this.name}.sketch`));
    tidy(() => {
      for (const name of hashNames) {
        this.hashes[name] = this.addNamedWeight(name, [channels], constant(0), { trainable: false });
        this.hashes[name].write(tensor1d(sketch[name], 'float32'));
      }
    });
  }

  protected override descriptorLength(): number {
    return this.outputDim;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    const [h1, h2, s1, s2] = hashNames.map((name) => this.hashes[name]!.read() as Tensor1D);
    return compactDescriptor(features, { h1: h1!, h2: h2!, s1: s1!, s2: s2! }, this.outputDim);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), outputDim: this.outputDim };
  }
}

registerLayer(CompactBilinearPooling);

/**
 * A layer from features [B,H,W,C] or tokens [B,N,C] to compact bilinear descriptors [B,D].
 *
 * ```ts
 * model.add(compactBilinearPooling({ outputDim: 4096 }));
 * ```
 */
export const compactBilinearPooling = (config: CompactBilinearPoolingConfig = {}): CompactBilinearPooling =>
  new CompactBilinearPooling(config);

poolings.register('cbp', {
  create: compactBilinearPooling,
  options: ['outputDim'],
  compact: true,
  summary: 'tensor sketch of the second moment, signed square root, unit length',
  paper: 'Gao, Beijbom, Zhang & Darrell, Compact Bilinear Pooling, CVPR 2016',
  function: 'compactBilinear',
  layer: 'compactBilinearPooling',
  gradient: 'automatic',
  engines: 'all',
});
