import { backbones } from './backbone-registry.ts';
import { denseTokens, type DenseTokensPlan } from './dense-tokens.ts';
import { visionTransformer, type VisionTransformerPlan } from './vision-transformer.ts';

export type DeitDropPlan = Pick<
  VisionTransformerPlan,
  'summary' | 'inputSize' | 'width' | 'depth' | 'heads' | 'mlpRatio' | 'dropPath' | 'dim'
> & {
  dense: DenseTokensPlan;
  /** Heads of the cross-covariances, and channels of each. */
  pooled: readonly [heads: number, headDim: number];
};

/**
 * A transformer of DropCov (Wang et al. 2022): DeiT's widths, a convolutional tokeniser, positions by sines, queries, keys and values without
 * bias, and logits `FC(z) + FC(c)` of pooled patch tokens z and class token c. The pooling is that of the released code and checkpoints;
 * `pooling: { name: 'mgcrp', heads, headDim }` is the paper's. It is in the package dropcov, whose `layers` must have been imported.
 */
export const deitDrop = ({ dense, pooled: [heads, headDim], ...plan }: DeitDropPlan): VisionTransformerPlan => ({
  ...plan,
  stride: 16,
  tokens: (pictures) => denseTokens(pictures, plan.width, dense),
  qkvBias: false,
  trainedPositions: false,
  epsilon: 1e-5,
  pooling: { name: 'mgcrp', heads, headDim, preset: 'reference' },
  fusion: 'sum-fc',
  // Resized to 256 for a crop of 224, unlike DeiT.
  cropFraction: 0.875,
});

type Shape = Pick<DeitDropPlan, 'width' | 'depth' | 'heads' | 'mlpRatio' | 'pooled' | 'dim'>;

const imagenet = (shape: Shape): DeitDropPlan => ({
  ...shape,
  summary:
    `transformer of ${shape.depth} blocks, ${shape.heads} heads and ${shape.width} channels on convolutional tokens, ` +
    'class token and dropped cross-covariances classified',
  inputSize: 224,
  dense: { stem: 64, layers: 6, growth: 16, transition: 128 },
  dropPath: 0.1,
});

const plans: Record<string, DeitDropPlan> = {
  'deit-drop-mini': {
    ...imagenet({ width: 48, depth: 3, heads: 4, mlpRatio: 2, pooled: [3, 8] }),
    summary:
      'transformer of 3 blocks, 4 heads and 48 channels on convolutional tokens, class token and dropped cross-covariances classified: ' +
      'trains on a CPU in minutes',
    inputSize: 64,
    dense: { stem: 16, layers: 2, growth: 8, transition: 24 },
    dropPath: 0,
  },
  'deit-drop-tiny': imagenet({ width: 240, depth: 12, heads: 4, mlpRatio: 2.5, pooled: [6, 14] }),
  'deit-drop-small': imagenet({ width: 384, depth: 12, heads: 6, mlpRatio: 4, pooled: [6, 24], dim: 256 }),
  'deit-drop-base': imagenet({ width: 768, depth: 12, heads: 12, mlpRatio: 4, pooled: [12, 24], dim: 256 }),
  't2t-vit-drop-14': imagenet({ width: 384, depth: 14, heads: 6, mlpRatio: 3, pooled: [6, 24], dim: 256 }),
};

for (const [name, plan] of Object.entries(plans)) backbones.register(name, visionTransformer(deitDrop(plan)));
