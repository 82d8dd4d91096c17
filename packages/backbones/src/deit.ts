import { backbones } from './backbone-registry.ts';
import { embedPatches } from './transformer-parts.ts';
import { visionTransformer, type VisionTransformerPlan } from './vision-transformer.ts';

export type DeitPlan = Pick<
  VisionTransformerPlan,
  'summary' | 'inputSize' | 'width' | 'depth' | 'heads' | 'mlpRatio' | 'dropPath' | 'dim'
> & {
  /** Side of a patch in pixels. */
  patch: number;
};

/** A DeiT (Touvron et al. 2021), which is a ViT of other widths trained otherwise, without distillation. */
export const deit = ({ patch, ...plan }: DeitPlan): VisionTransformerPlan => ({
  ...plan,
  stride: patch,
  tokens: (pictures) => embedPatches(pictures, 'patch_embed.proj', plan.width, patch),
  qkvBias: true,
  trainedPositions: true,
  epsilon: 1e-6,
});

const imagenet = (width: number, heads: number, dim?: number): DeitPlan => ({
  summary: `vision transformer of 12 blocks, ${heads} heads and ${width} channels on patches of 16 pixels`,
  inputSize: 224,
  patch: 16,
  width,
  depth: 12,
  heads,
  mlpRatio: 4,
  dropPath: 0.1,
  dim,
});

const plans: Record<string, DeitPlan> = {
  'deit-mini': {
    summary:
      'vision transformer of 4 blocks, 4 heads and 64 channels on patches of 8 pixels: trains on a CPU in minutes',
    inputSize: 64,
    patch: 8,
    width: 64,
    depth: 4,
    heads: 4,
    mlpRatio: 2,
    dropPath: 0,
  },
  'deit-tiny': imagenet(192, 3),
  'deit-small': imagenet(384, 6, 256),
  'deit-base': imagenet(768, 12, 256),
};

for (const [name, plan] of Object.entries(plans)) backbones.register(name, visionTransformer(deit(plan)));
