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
export function resnet({ block, depths, widths, stem, summary }: ResnetPlan): BackboneEntry {
  return {
    summary,
    stages: widths.length,
    preprocessing: stem === 'imagenet' ? imagenetPreprocessing(224) : imagenetPreprocessing(64),
    reduction: stem === 'imagenet' ? { dim: 256 } : undefined,
    // Second-order heads keep the ImageNet networks' last map at stride 16, for twice the positions along each side.
    defaultLastStride: (secondOrder) => (stem === 'imagenet' && secondOrder ? 1 : 2),
    build(input, { lastStride, attend }) {
      let features = stem === 'imagenet' ? imagenetStem(input, widths[0]!) : smallStem(input, widths[0]!);
      let stride = stem === 'imagenet' ? 4 : 2;
      const stages: Stage[] = [];
      for (const [i, width] of widths.entries()) {
        const strides = i === 0 ? 1 : i === widths.length - 1 ? lastStride : 2;
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
