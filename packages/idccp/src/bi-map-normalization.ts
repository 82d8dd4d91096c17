import { checkArgument } from '@covpool/base';
import {
  checkRetraction,
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  normalizations,
  onlyInput,
  onlyShape,
  orthonormal,
  registerLayer,
  type Retraction,
} from '@covpool/core';
import type { serialization, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { biMap } from './bi-map.ts';

export interface BiMapNormalizationConfig extends LayerConfig {
  /** Side p of the matrices that come out; half of what comes in by default, rounded up. */
  compressedDim?: number;
  /** How covpool's optimisers bring the weight back to the Stiefel manifold after a step. */
  retraction?: Retraction;
}

/** `biMap` as a layer, [B,n,n] to [B,p,p], with a weight on the Stiefel manifold that starts as the Q of a Gaussian. */
export class BiMapNormalization extends NamedLayer {
  static className = 'covpool/idccp/BiMapNormalization';
  private readonly options: { compressedDim?: number; retraction: Retraction };
  private weight!: LayerVariable;

  constructor(config: BiMapNormalizationConfig) {
    super(config);
    const { compressedDim, retraction = 'qr' } = config;
    checkRetraction(this.name, retraction);
    this.options = compressedDim === undefined ? { retraction } : { compressedDim, retraction };
  }

  private compressed(n: number): number {
    return compressedSide(this.name, n, this.options.compressedDim ?? Math.ceil(n / 2));
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const n = onlyShape(inputShape).at(-1)!;
    const manifold = { name: 'stiefel', retraction: this.options.retraction } as const;
    this.weight = this.addNamedWeight('weight', [n, this.compressed(n)], orthonormal, { manifold });
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, n] = onlyShape(inputShape);
    const p = this.compressed(n!);
    return [batch, p, p];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return biMap(onlyInput(inputs) as Tensor3D, this.weight.read() as Tensor2D);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(BiMapNormalization);

/** The side of compressed matrices, checked against that of the matrices. */
export function compressedSide(who: string, n: number, p: number): number {
  checkArgument(
    Number.isInteger(p) && p > 0 && p <= n,
    () => `${who}: compressedDim must be a whole number from 1 to the ${n} channels, got ${p}`,
  );
  return p;
}

/** A layer from covariance matrices to smaller ones. */
export const biMapNormalization = (config: BiMapNormalizationConfig = {}): BiMapNormalization =>
  new BiMapNormalization(config);

normalizations.register('bimap', {
  create: biMapNormalization,
  options: ['compressedDim', 'retraction'],
  squareRoot: false,
  summary: 'compression to a smaller matrix by orthonormal columns',
  paper: 'Huang & Van Gool, A Riemannian Network for SPD Matrix Learning, AAAI 2017',
  function: 'biMap',
  layer: 'biMapNormalization',
  gradient: 'automatic',
  engines: 'all',
});
