import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type BackboneEntry, backbones, imagenetPreprocessing, type Stage } from './backbone-registry.ts';
import { activate, convolve, maxPool, normalise } from './parts.ts';
import { initialization, shufflenetUnit } from './shufflenet-unit.ts';

interface ShufflenetV2Plan {
  summary: string;
  /** `imagenet`: a convolution and max-pooling, stride 4 in all; `small`: the convolution alone. */
  stem: 'imagenet' | 'small';
  /** Units per stage. */
  depths: readonly number[];
  /** Of the stem, of each stage, of the last 1×1 convolution. */
  channels: readonly number[];
}

const plans: Record<string, ShufflenetV2Plan> = {
  'shufflenetv2-x0.5': imagenetPlan('0.5', [24, 48, 96, 192, 1024]),
  'shufflenetv2-x1.0': imagenetPlan('1', [24, 116, 232, 464, 1024]),
  'shufflenetv2-x1.5': imagenetPlan('1.5', [24, 176, 352, 704, 1024]),
  'shufflenetv2-x2.0': imagenetPlan('2', [24, 244, 488, 976, 2048]),
  'shufflenetv2-small': {
    summary: 'six shuffling units of 32 and 64 channels: trains on a CPU in minutes',
    stem: 'small',
    depths: [3, 3],
    channels: [16, 32, 64, 128],
  },
};

function imagenetPlan(width: string, channels: number[]): ShufflenetV2Plan {
  return { summary: `16 shuffling units, width ${width}`, stem: 'imagenet', depths: [4, 8, 4], channels };
}

/** ShuffleNetV2 (Ma et al. 2018) with torchvision's weight names; NHWC. */
function shufflenetV2({ summary, stem, depths, channels: plan }: ShufflenetV2Plan): BackboneEntry {
  const [first = 0, ...widths] = plan;
  const last = widths.pop()!;
  return {
    summary,
    stages: depths.length,
    firstLevel: stem === 'imagenet' ? 3 : 2,
    preprocessing: imagenetPreprocessing(stem === 'imagenet' ? 224 : 64),
    reduction: { dim: stem === 'imagenet' ? 256 : undefined, activation: 'relu6' },
    defaultLastStride: () => 2,
    build(input, { lastStride, attend }) {
      let features = unit(convolve(input, 'conv1.0', first, 3, { strides: 2, initialization }), 'conv1');
      if (stem === 'imagenet') features = maxPool(features, 'maxpool', { kernelSize: 3, strides: 2, padding: 1 });
      let stride = stem === 'imagenet' ? 4 : 2;
      const stages: Stage[] = [];
      for (const [s, channels] of widths.entries()) {
        const isLast = s === widths.length - 1;
        const strides = isLast ? lastStride : 2;
        stride *= strides;
        const count = depths[s]!;
        for (let i = 0; i < count; i++) {
          const name = `stage${s + 2}.${i}`;
          const attended = (x: SymbolicTensor) => attend(x, { block: name, stage: s + 1 });
          const shape = { name, channels, strides: i === 0 ? strides : 1, first: i === 0 };
          features = shufflenetUnit(features, { ...shape, attend: i === count - 1 ? attended : undefined });
        }
        if (isLast) features = unit(convolve(features, 'conv5.0', last, 1, { initialization }), 'conv5');
        stages.push({ features, spec: { channels: isLast ? last : channels, stride } });
      }
      return stages;
    },
  };
}

const unit = (x: SymbolicTensor, name: string): SymbolicTensor => activate(normalise(x, `${name}.1`), `${name}.2`);

for (const [name, plan] of Object.entries(plans)) backbones.register(name, shufflenetV2(plan));
