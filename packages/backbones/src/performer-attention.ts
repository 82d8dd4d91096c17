import { checkArgument } from '@covpool/base';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import {
  add,
  div,
  exp,
  matMul,
  mul,
  reshape,
  type serialization,
  split,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';

/** What the authors add to the sums that they divide by. */
const EPSILON = 1e-8;

/** Positive random features of the Gaussian kernel: `exp(x w − |x|²/2)/√m`, [B,N,E] to [B,N,m]. */
function features(x: Tensor3D, w: Tensor2D): Tensor3D {
  const [batch, positions, width] = x.shape;
  const m = w.shape[1];
  const projected = reshape(matMul(reshape(x, [-1, width]), w), [batch, positions, m]);
  const halfSquares = mul(sum(square(x), -1, true), 0.5);
  return mul(exp(sub(projected, halfSquares)), m ** -0.5);
}

/**
 * Attention in linear time (Choromanski et al., Performers, 2021) as Tokens-to-Token ViT has it: softmax's kernel of queries and keys
 * is the product of positive random features φ of each, so that `y = φ(q) (φ(k)ᵀ v) / (φ(q) φ(k)ᵀ1 + 1e-8)`.
 *
 * Cost: 2·N·E·m multiply-adds for the features and as many for the products.
 *
 * @param kqv keys, queries and values beside each other [B,N,3E]
 * @param w [E,m]
 * @returns [B,N,E]
 */
export function performerAttention(kqv: Tensor3D, w: Tensor2D): Tensor3D {
  checkArgument(
    kqv.rank === 3 && kqv.shape[2] === 3 * w.shape[0],
    () => `performerAttention: kqv must be [B,N,3E] and w [E,m] with the same E, got [${kqv.shape}] and [${w.shape}]`,
  );
  return tidy(() => {
    const [k, q, v] = split(kqv, 3, 2) as Tensor3D[];
    const [keys, queries] = [features(k!, w), features(q!, w)];
    const totals = matMul(queries, sum(keys, 1, true), false, true);
    return div(matMul(queries, matMul(keys, v!, true, false)), add(totals, EPSILON));
  });
}

export interface PerformerAttentionConfig extends LayerConfig {
  /** m, how many random features there are. */
  features: number;
}

/**
 * `performerAttention` as a layer: a map [B,H,W,3E] to [B,H,W,E]. Its weight `w`, which is never trained, is √m times orthonormal rows in
 * PyTorch's layout [m,E].
 */
export class PerformerAttention extends NamedLayer {
  static className = 'covpool/backbones/PerformerAttention';
  private readonly features: number;
  private w!: LayerVariable;

  constructor(config: PerformerAttentionConfig) {
    super(config);
    this.features = config.features;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape).at(-1);
    const { features: m } = this;
    checkArgument(
      typeof channels === 'number' && channels % 3 === 0 && m >= 1 && m <= channels / 3,
      () => `${this.name}: kqv must have 3E channels, E from the ${m} features on, got [${inputShape}]`,
    );
    this.w = this.addNamedWeight(
      'w',
      [channels / 3, m],
      { kind: 'orthonormal', scale: Math.sqrt(m) },
      {
        trainable: false,
        toTorch: [1, 0],
      },
    );
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const shape = onlyShape(inputShape);
    return [...shape.slice(0, -1), shape.at(-1)! / 3];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs);
      const width = x.shape.at(-1)!;
      const attended = performerAttention(reshape(x, [x.shape[0]!, -1, width]), this.w.read() as Tensor2D);
      return reshape(attended, [...x.shape.slice(0, -1), width / 3]);
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), features: this.features };
  }
}

registerLayer(PerformerAttention);
