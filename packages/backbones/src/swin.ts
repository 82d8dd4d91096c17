import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type BackboneEntry, backbones, type Stage } from './backbone-registry.ts';
import { PatchMerging } from './patch-merging.ts';
import { depthRate, embedPatches, normaliseLayer, project, transformerBlock } from './transformer-parts.ts';
import { transformerPreprocessing } from './vision-transformer.ts';
import { WindowAttention } from './window-attention.ts';

export interface SwinPlan {
  summary: string;
  inputSize: number;
  /** Side of a patch in pixels. */
  patch: number;
  /** Channels of the first stage; each stage has twice those of the one before. */
  width: number;
  /** Blocks of each stage, and heads of their attention. */
  depths: readonly number[];
  heads: readonly number[];
  /** Positions along each side of a window. */
  window: number;
  mlpRatio: number;
  /** Rate of stochastic depth in the last block; in those before it is proportionally less. */
  dropPath: number;
  /** Channels in front of a pooling that grows with their square; absent: those of the last stage. */
  dim?: number;
}

const EPSILON = 1e-5;

const imagenet = (name: string, width: number, depths: number[], dropPath: number): SwinPlan => ({
  summary: `transformer with shifted windows, ${name}: ${depths.join('-')} blocks, from ${width} channels on`,
  inputSize: 224,
  patch: 4,
  width,
  depths,
  heads: [1, 2, 4, 8].map((times) => (times * width) / 32),
  window: 7,
  mlpRatio: 4,
  dropPath,
  dim: 256,
});

const plans: Record<string, SwinPlan> = {
  'swin-mini': {
    summary: 'transformer with shifted windows: 2-2 blocks of 32 and 64 channels: trains on a CPU in minutes',
    inputSize: 64,
    patch: 4,
    width: 32,
    depths: [2, 2],
    heads: [2, 4],
    window: 4,
    mlpRatio: 2,
    dropPath: 0,
  },
  'swin-tiny': imagenet('tiny', 96, [2, 2, 6, 2], 0.2),
  'swin-small': imagenet('small', 96, [2, 2, 18, 2], 0.3),
  'swin-base': imagenet('base', 128, [2, 2, 18, 2], 0.5),
};

/**
 * A Swin Transformer (Liu et al. 2021): attention inside of windows of a map, which every other block shifts by half a window, and patches
 * merged between stages. Pictures may have any size of whose map each stage's sides are multiples of the window. Weights have the names of
 * today's timm.
 */
export function swin(plan: SwinPlan): BackboneEntry {
  const { summary, inputSize, patch, width, depths, dim } = plan;
  const last = depths.length - 1;
  return {
    summary,
    stages: depths.length,
    firstLevel: Math.log2(patch),
    preprocessing: transformerPreprocessing(inputSize),
    reduction: dim === undefined ? undefined : { dim },
    fixed: true,
    defaultLastStride: () => 2,
    build(pictures) {
      let x = embedPatches(pictures, 'patch_embed.proj', width, patch);
      x = normaliseLayer(x, 'patch_embed.norm', EPSILON);
      const stages: Stage[] = [];
      let blocks = 0;
      for (const s of depths.keys()) {
        if (s > 0) x = downsample(x, `layers.${s}.downsample`);
        x = swinStage(x, plan, s, blocks);
        blocks += depths[s]!;
        if (s === last) x = normaliseLayer(x, 'norm', EPSILON);
        stages.push({ features: x, spec: { channels: width * 2 ** s, stride: patch * 2 ** s } });
      }
      return stages;
    },
    classify: (descriptor, { classes }) => project(descriptor, 'head.fc', classes),
  };
}

/** Four positions to one of twice the channels. */
function downsample(x: SymbolicTensor, name: string): SymbolicTensor {
  const merged = new PatchMerging({ name }).apply(x) as SymbolicTensor;
  return project(normaliseLayer(merged, `${name}.norm`, EPSILON), `${name}.reduction`, 2 * x.shape.at(-1)!, false);
}

/** The blocks of one stage, of which `before` blocks are before. */
function swinStage(x: SymbolicTensor, plan: SwinPlan, stage: number, before: number): SymbolicTensor {
  const { window, mlpRatio, dropPath, depths } = plan;
  const heads = plan.heads[stage]!;
  const total = depths.reduce((sum, depth) => sum + depth, 0);
  const width = x.shape.at(-1)!;
  let features = x;
  for (let i = 0; i < depths[stage]!; i++) {
    const name = `layers.${stage}.blocks.${i}`;
    const shift = i % 2 === 0 ? 0 : Math.floor(window / 2);
    const rate = depthRate(dropPath, before + i, total);
    const block = { name, hidden: Math.floor(width * mlpRatio), epsilon: EPSILON, dropPath: rate };
    features = transformerBlock(features, block, (normalised) => {
      const qkv = project(normalised, `${name}.attn.qkv`, 3 * width);
      const attention = new WindowAttention({ name: `${name}.attn`, heads, window, shift });
      return project(attention.apply(qkv) as SymbolicTensor, `${name}.attn.proj`, width);
    });
  }
  return features;
}

for (const [name, plan] of Object.entries(plans)) backbones.register(name, swin(plan));
