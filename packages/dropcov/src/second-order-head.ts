import { checkArgument, checkPositiveWhole, unknownName } from '@covpool/base';
import {
  CompositeLayer,
  constant,
  isTraining,
  type LayerConfig,
  type LayerShape,
  onlyInput,
  onlyShape,
  pooling,
  type PoolingSpec,
  registerLayer,
} from '@covpool/core';
import {
  add,
  concat,
  matMul,
  reshape,
  type serialization,
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';

const fusions = ['sum-fc', 'concat', 'aggre-all', 'sum-loss'] as const;

/**
 * How the class token c and the pooled patch tokens z meet: `sum-fc`, FC(z) + FC(c); `concat`, FC of both in a row;
 * `aggre-all`, FC(z) with the class token pooled like any other; `sum-loss`, FC(c) and FC(z) as two outputs, each for a
 * loss. The authors' code writes them with underscores, which TensorFlow.js does not restore from a saved configuration.
 */
export type Fusion = (typeof fusions)[number];

export interface SecondOrderHeadConfig extends LayerConfig {
  classes: number;
  fusion?: Fusion;
  /** A name of the pooling registry, with its options. */
  pooling?: PoolingSpec;
  /** Channels after a linear map (with bias) in front of the pooling; absent: none. See `gcpProjection`. */
  projection?: number;
}

type Dense = (x: Tensor2D) => Tensor2D;

/**
 * The classifier of second-order vision transformers: class token and patch tokens [B,1+N,C] to logits [B,classes]. Weights are
 * named as in the authors' code: `visual_fc`, `cls_fc` (where the fusion has it), `dr` for the projection, and the
 * pooling's below `representation`.
 */
export class SecondOrderHead extends CompositeLayer {
  static className = 'covpool/dropcov/SecondOrderHead';
  private readonly options: { classes: number; fusion: Fusion; pooling: PoolingSpec; projection?: number };
  private readonly representation: layers.Layer;
  private visual!: Dense;
  private cls?: Dense;
  private reduce?: Dense;

  constructor(config: SecondOrderHeadConfig) {
    super(config);
    const { classes, fusion = 'sum-fc', pooling: spec = { name: 'mgcrp' }, projection } = config;
    for (const [option, value] of Object.entries({ classes, projection: projection ?? 1 })) {
      checkPositiveWhole(this.name, option, value);
    }
    if (!fusions.includes(fusion)) throw unknownName(this.name, 'fusion', fusion, fusions);
    this.options = { classes, fusion, pooling: spec, projection };
    const { name, ...options } = spec;
    this.representation = this.adopt(pooling(name, { ...options, name: `${this.name}.representation` }));
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape[2];
    checkArgument(
      shape.length === 3 && typeof channels === 'number',
      () => `${this.name}: tokens must be [B,1+N,C] with known C, got [${shape}]`,
    );
    const { classes, fusion, projection } = this.options;
    if (projection !== undefined) this.reduce = this.dense('dr', channels, projection);
    const length = this.buildChain([this.representation], [null, null, projection ?? channels])[1]!;
    this.visual = this.dense('visual_fc', fusion === 'concat' ? channels + length : length, classes);
    if (fusion === 'sum-fc' || fusion === 'sum-loss') this.cls = this.dense('cls_fc', channels, classes);
    this.built = true;
  }

  /** A linear map with bias, which starts as vision transformers do: N(0, 0.02²) and 0. */
  private dense(name: string, from: number, to: number): Dense {
    const values = { kind: 'normal', deviation: 0.02 } as const;
    const weight = this.addNamedWeight(`${name}.weight`, [from, to], values, { toTorch: [1, 0] });
    const bias = this.addNamedWeight(`${name}.bias`, [to], constant(0));
    return (x) => add(matMul(x, weight.read() as Tensor2D), bias.read());
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape | LayerShape[] {
    const logits = [onlyShape(inputShape)[0] ?? null, this.options.classes];
    return this.options.fusion === 'sum-loss' ? [logits, [...logits]] : logits;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor | Tensor[] {
    return tidy(() => {
      const tokens = onlyInput(inputs) as Tensor3D;
      const [batch, count, channels] = tokens.shape;
      const { fusion } = this.options;
      const pooled = fusion === 'aggre-all' ? tokens : slice(tokens, [0, 1, 0], [batch, count - 1, channels]);
      const z = this.representation.apply(this.project(pooled), { training: isTraining(kwargs) }) as Tensor2D;
      if (fusion === 'aggre-all') return this.visual(z);
      const cls: Tensor2D = reshape(slice(tokens, [0, 0, 0], [batch, 1, channels]), [batch, channels]);
      if (fusion === 'concat') return this.visual(concat([cls, z], 1));
      const both = [this.cls!(cls), this.visual(z)];
      return fusion === 'sum-loss' ? both : add(both[0]!, both[1]!);
    });
  }

  private project(tokens: Tensor3D): Tensor3D {
    if (!this.reduce) return tokens;
    const [batch, count, channels] = tokens.shape;
    return reshape(this.reduce(reshape(tokens, [-1, channels])), [batch, count, -1]);
  }

  override getConfig(): serialization.ConfigDict {
    const { pooling: spec, projection, ...options } = this.options;
    return {
      ...super.getConfig(),
      ...options,
      pooling: { ...spec } as serialization.ConfigDict,
      ...(projection === undefined ? {} : { projection }),
    };
  }
}

registerLayer(SecondOrderHead);

/**
 * A layer from class token and patch tokens [B,1+N,C] to logits.
 *
 * ```ts
 * secondOrderHead({ classes: 1000, pooling: { name: 'mgcrp', heads: 12, headDim: 24, preset: 'reference' } });
 * // the variant with a covariance of its own, with @covpool/matrix-power/layers imported:
 * secondOrderHead({ classes: 1000, projection: gcpProjection(6, 24), pooling: { name: 'isqrt', iterations: 3 } });
 * ```
 */
export const secondOrderHead = (config: SecondOrderHeadConfig): SecondOrderHead => new SecondOrderHead(config);

/**
 * The channels at which the triangle of one covariance is about as long as the heads' cross-covariances together:
 * `⌊√(2·heads·r²)⌋`, 48 for 6 heads of 14, 83 for 6 of 24, 117 for 12 of 24.
 */
export const gcpProjection = (heads: number, headDim: number): number =>
  Math.floor(Math.sqrt(2 * heads * headDim ** 2));
