import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type BackboneEntry, backbones, imagenetPreprocessing, type Stage } from './backbone-registry.ts';
import { activate, convolve, maxPool, normalise } from './parts.ts';
import { type BlockName, expansions, residualStage } from './resnet-stage.ts';

export interface ResnetPlan {
  block: BlockName;
  /** Blocks per stage. */
  depths: number[];
  widths: number[];
  /** `imagenet`: 7×7 of stride 2 and max-pooling, stride 4 in all; `small`: 3×3 of stride 2. */
  stem: 'imagenet' | 'small';
  summary: string;
  /** Channels of the stem; those of the first stage by default. */
  stemWidth?: number;
  /** Stride of the first stage; 1 by default. */
  firstStride?: number;
  /** Whether the last stage is without its stride below a second-order pooling; by default that of the ImageNet networks is. */
  keepsLastExtent?: boolean;
}

const imagenetWidths = [64, 128, 256, 512];

const plans: Record<string, ResnetPlan> = {
  resnet8: {
    block: 'basic',
    depths: [1, 1, 1],
    widths: [16, 32, 64],
    stem: 'small',
    summary: 'three residual blocks of 16, 32 and 64 channels: trains on a CPU in minutes',
  },
  'resnet8-detection': {
    block: 'basic',
    depths: [1, 1, 1],
    widths: [32, 64, 128],
    stem: 'small',
    stemWidth: 16,
    firstStride: 2,
    keepsLastExtent: true,
    summary: 'three residual blocks of 32, 64 and 128 channels at strides 4, 8 and 16: detects on a CPU',
  },
  resnet18: imagenetPlan('basic', [2, 2, 2, 2]),
  resnet34: imagenetPlan('basic', [3, 4, 6, 3]),
  resnet50: imagenetPlan('bottleneck', [3, 4, 6, 3]),
  resnet101: imagenetPlan('bottleneck', [3, 4, 23, 3]),
  resnet152: imagenetPlan('bottleneck', [3, 8, 36, 3]),
};

function imagenetPlan(block: BlockName, depths: number[]): ResnetPlan {
  const summary = `residual network with ${depths.join('-')} ${block} blocks`;
  return { block, depths, widths: imagenetWidths, stem: 'imagenet', summary };
}

/** A residual network with torchvision's weight names; NHWC. */
export function resnet(plan: ResnetPlan): BackboneEntry {
  const { block, depths, widths, stem, summary, stemWidth = widths[0]!, firstStride = 1 } = plan;
  const { keepsLastExtent = stem === 'imagenet' } = plan;
  return {
    summary,
    stages: widths.length,
    preprocessing: stem === 'imagenet' ? imagenetPreprocessing(224) : imagenetPreprocessing(64),
    reduction: stem === 'imagenet' ? { dim: 256 } : undefined,
    hasVariants: true,
    // Second-order heads keep the last map's extent, at stride 16 in ImageNet networks, for twice the positions along each side.
    defaultLastStride: (secondOrder) => (keepsLastExtent && secondOrder ? 1 : 2),
    build(input, { lastStride, attend, poolBeforeLast }) {
      let features = stem === 'imagenet' ? imagenetStem(input, stemWidth) : smallStem(input, stemWidth);
      let stride = stem === 'imagenet' ? 4 : 2;
      const stages: Stage[] = [];
      for (const [i, width] of widths.entries()) {
        const last = i === widths.length - 1;
        if (last && poolBeforeLast) {
          const padding = poolBeforeLast === 3 ? 1 : 0;
          features = maxPool(features, 'lastpool', { kernelSize: poolBeforeLast, strides: 2, padding });
          stride *= 2;
        }
        const strides = i === 0 ? firstStride : last ? lastStride : 2;
        stride *= strides;
        const stage = { name: `layer${i + 1}`, block, width, strides, count: depths[i]! };
        features = residualStage(features, { ...stage, attend: (x, path) => attend(x, { block: path, stage: i + 1 }) });
        stages.push({ features, spec: { channels: width * expansions[block], stride } });
      }
      return stages;
    },
  };
}

const smallStem = (input: SymbolicTensor, filters: number): SymbolicTensor =>
  activate(normalise(convolve(input, 'conv1', filters, 3, { strides: 2 }), 'bn1'), 'relu');

function imagenetStem(input: SymbolicTensor, filters: number): SymbolicTensor {
  const features = activate(normalise(convolve(input, 'conv1', filters, 7, { strides: 2 }), 'bn1'), 'relu');
  return maxPool(features, 'maxpool', { kernelSize: 3, strides: 2, padding: 1 });
}

for (const [name, plan] of Object.entries(plans)) backbones.register(name, resnet(plan));
