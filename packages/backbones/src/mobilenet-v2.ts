import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type BackboneEntry, backbones, imagenetPreprocessing, type Stage } from './backbone-registry.ts';
import { type InvertedResidual, invertedResidual } from './inverted-residual.ts';
import { activate, convolve, drop, linear, normalise } from './parts.ts';

/** Blocks in a row: how often the input's width is expanded, channels that come out, how many, stride of the first. */
type Group = readonly [expansion: number, channels: number, count: number, strides: number];

interface MobilenetV2Plan {
  summary: string;
  inputSize: number;
  stem: number;
  stages: readonly (readonly Group[])[];
  /** Channels of the last 1×1 convolution. */
  last: number;
  dim?: number;
}

const plans: Record<string, MobilenetV2Plan> = {
  mobilenetv2: {
    summary: '17 inverted residual blocks, width 1',
    inputSize: 224,
    stem: 32,
    stages: [
      [
        [1, 16, 1, 1],
        [6, 24, 2, 2],
      ],
      [[6, 32, 3, 2]],
      [
        [6, 64, 4, 2],
        [6, 96, 3, 1],
      ],
      [
        [6, 160, 3, 2],
        [6, 320, 1, 1],
      ],
    ],
    last: 1280,
    dim: 256,
  },
  'mobilenetv2-small': {
    summary: 'five inverted residual blocks of 8 to 32 channels: trains on a CPU in minutes',
    inputSize: 64,
    stem: 16,
    stages: [[[1, 8, 1, 1]], [[4, 16, 2, 2]], [[4, 32, 2, 2]]],
    last: 128,
  },
};

/** MobileNetV2 (Sandler et al. 2018) with torchvision's weight names; NHWC. */
function mobilenetV2({ summary, inputSize, stem, stages: plan, last, dim }: MobilenetV2Plan): BackboneEntry {
  return {
    summary,
    stages: plan.length,
    preprocessing: imagenetPreprocessing(inputSize),
    reduction: { dim, activation: 'relu6' },
    defaultLastStride: () => 2,
    build(input, { lastStride, attend }) {
      let features = unit(convolve(input, 'features.0.0', stem, 3, { strides: 2 }), 'features.0');
      const stages: Stage[] = [];
      let [index, stride] = [1, 2];
      for (const [s, groups] of plan.entries()) {
        const isLast = s === plan.length - 1;
        const blocks = groups.flatMap((group) => blocksOf(group, isLast ? lastStride : 2));
        for (const [i, block] of blocks.entries()) {
          const name = `features.${index}`;
          const attended = (x: SymbolicTensor) => attend(x, { block: name, stage: s + 1 });
          features = invertedResidual(features, { ...block, name }, i === blocks.length - 1 ? attended : undefined);
          stride *= block.strides;
          index++;
        }
        if (isLast) features = unit(convolve(features, `features.${index}.0`, last, 1), `features.${index}`);
        stages.push({ features, spec: { channels: features.shape.at(-1)!, stride } });
      }
      return stages;
    },
    classify: (descriptor, { classes }) => linear(drop(descriptor, 'classifier.0', 0.2), 'classifier.1', classes, 0.01),
  };
}

/** `downsampling` takes the place of strides of 2. */
function blocksOf([expansion, channels, count, strides]: Group, downsampling: number): InvertedResidual[] {
  return Array.from({ length: count }, (_, i) => ({
    expansion,
    channels,
    strides: i === 0 && strides === 2 ? downsampling : 1,
  }));
}

const unit = (x: SymbolicTensor, name: string): SymbolicTensor =>
  activate(normalise(x, `${name}.1`), `${name}.2`, 'relu6');

for (const [name, plan] of Object.entries(plans)) backbones.register(name, mobilenetV2(plan));
