import { type LayerConfig, NamedLayer, onlyInput, registerLayer } from '@covpool/core';
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { l2Normalize } from './l2-normalize.ts';
import { checkEpsilon, signedSqrt, type SignedSqrtOptions } from './signed-sqrt.ts';

export interface SignedSquareRootConfig extends LayerConfig, SignedSqrtOptions {}

/** `signedSqrt` as a layer, of any shape. */
export class SignedSquareRoot extends NamedLayer {
  static className = 'covpool/covariance/SignedSquareRoot';
  private readonly epsilon: number;

  constructor(config: SignedSquareRootConfig) {
    super(config);
    const { epsilon = 1e-8 } = config;
    checkEpsilon(this.name, epsilon);
    this.epsilon = epsilon;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return signedSqrt(onlyInput(inputs), { epsilon: this.epsilon });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.epsilon };
  }
}

/** `l2Normalize` as a layer: [B,F] to [B,F]. */
export class L2Normalization extends NamedLayer {
  static className = 'covpool/covariance/L2Normalization';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return l2Normalize(onlyInput(inputs));
  }
}

registerLayer(SignedSquareRoot);
registerLayer(L2Normalization);

/** A layer that takes the signed square root of every value. */
export const signedSquareRoot = (config: SignedSquareRootConfig = {}): SignedSquareRoot => new SignedSquareRoot(config);

/** A layer that gives every vector length 1. */
export const l2Normalization = (config: LayerConfig = {}): L2Normalization => new L2Normalization(config);
