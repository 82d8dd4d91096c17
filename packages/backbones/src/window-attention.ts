import { checkArgument } from '@covpool/base';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import {
  add,
  gather,
  reshape,
  type serialization,
  type Tensor,
  tensor,
  tensor1d,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { dotProductAttention } from './dot-product-attention.ts';
import { relativePositions, shiftMask } from './relative-positions.ts';
import { fromWindows, intoWindows, shifted } from './windows.ts';

export interface WindowAttentionConfig extends LayerConfig {
  heads: number;
  /** Positions along each side of a window; those of the map are multiples of it. */
  window: number;
  /** How far the map is shifted before it is cut into windows; not along a side that is one window long. 0 by default. */
  shift?: number;
}

/**
 * Attention inside of square windows of a map (Liu et al., Swin Transformer, 2021): queries, keys and values [B,H,W,3C] to
 * [B,H,W,C]. Scores of two positions get a trained bias for their relative position; windows of a shifted map span its borders, where a
 * mask keeps positions apart that are no neighbours.
 */
export class WindowAttention extends NamedLayer {
  static className = 'covpool/backbones/WindowAttention';
  private readonly options: { heads: number; window: number; shift: number };
  private table!: LayerVariable;

  constructor(config: WindowAttentionConfig) {
    super(config);
    const { heads, window, shift = 0 } = config;
    checkArgument(
      Number.isInteger(window) && window > 0 && Number.isInteger(shift) && shift >= 0 && shift < window,
      () => `${this.name}: window must be a positive whole number and shift one below it, got ${window} and ${shift}`,
    );
    this.options = { heads, window, shift };
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const { heads, window } = this.options;
    checkArgument(
      shape.length === 4 && typeof shape[3] === 'number' && shape[3] % (3 * heads) === 0,
      () => `${this.name}: qkv must be [B,H,W,3C] with C a known multiple of the ${heads} heads, got [${shape}]`,
    );
    const values = { kind: 'normal', deviation: 0.02 } as const;
    this.table = this.addNamedWeight('relative_position_bias_table', [(2 * window - 1) ** 2, heads], values);
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const shape = onlyShape(inputShape);
    return [...shape.slice(0, -1), shape.at(-1)! / 3];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const qkv = onlyInput(inputs) as Tensor4D;
    const [, height, width] = qkv.shape;
    const { heads, window, shift } = this.options;
    checkArgument(
      height % window === 0 && width % window === 0,
      () => `${this.name}: the map's sides must be multiples of the window's ${window}, got ${height}×${width}`,
    );
    const by = [height > window ? shift : 0, width > window ? shift : 0] as const;
    return tidy(() => {
      const windows = intoWindows(shifted(qkv, by), window);
      const mask = by[0] + by[1] === 0 ? undefined : shiftMask([height, width], window, by);
      const bias = (scores: Tensor3D): Tensor3D => this.biased(scores, mask);
      const attended = fromWindows(dotProductAttention(windows, { heads, bias }), height, width);
      return shifted(attended, [-by[0], -by[1]]);
    });
  }

  /** Scores [B·windows·heads, n, n] with their biases and the mask [windows, n, n]. */
  private biased(scores: Tensor3D, mask: Float32Array | undefined): Tensor3D {
    const { heads, window } = this.options;
    const pairs = window ** 4;
    const places = tensor1d(relativePositions(window), 'int32');
    const bias = reshape(transpose(gather(this.table.read(), places)), [heads * pairs]);
    const positioned = add(reshape(scores, [-1, heads * pairs]), bias);
    if (!mask) return reshape(positioned, scores.shape);
    const windows = mask.length / pairs;
    const kept = add(reshape(positioned, [-1, windows, heads, pairs]), tensor(mask, [windows, 1, pairs]));
    return reshape(kept, scores.shape);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(WindowAttention);
