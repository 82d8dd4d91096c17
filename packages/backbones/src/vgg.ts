import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { AverageGrid } from './average-grid.ts';
import { type BackboneEntry, backbones, imagenetPreprocessing, type Stage } from './backbone-registry.ts';
import { activate, convolve, drop, linear, maxPool, normalise } from './parts.ts';

interface VggPlan {
  summary: string;
  inputSize: number;
  /** Channels of the 3×3 convolutions of each stage; max-pooling follows each. */
  stages: readonly (readonly number[])[];
  batchNorm: boolean;
  /** Rows and columns of what the classifier sees without second-order pooling. */
  cells: number;
  /** Width of the two hidden layers of the classifier. */
  hidden: number;
  dim?: number;
}

const vgg16: Omit<VggPlan, 'summary' | 'batchNorm'> = {
  inputSize: 224,
  stages: [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ],
  cells: 7,
  hidden: 4096,
  dim: 256,
};

const plans: Record<string, VggPlan> = {
  vgg16: { ...vgg16, summary: '13 convolutions and three linear layers', batchNorm: false },
  'vgg16-bn': {
    ...vgg16,
    summary: '13 convolutions with batch normalisation and three linear layers',
    batchNorm: true,
  },
  'vgg-small': {
    summary:
      'four convolutions of 16 to 64 channels with batch normalisation, three linear layers: trains on a CPU in minutes',
    inputSize: 64,
    stages: [[16], [32], [64, 64]],
    batchNorm: true,
    cells: 2,
    hidden: 128,
  },
};

/**
 * VGG (Simonyan & Zisserman 2015) with torchvision's weight names; NHWC. Its two hidden linear layers stand behind any pooling;
 * below a second-order one the last max-pooling is left out.
 */
function vgg({ summary, inputSize, stages: plan, batchNorm, cells, hidden, dim }: VggPlan): BackboneEntry {
  return {
    summary,
    stages: plan.length,
    firstLevel: 1,
    preprocessing: imagenetPreprocessing(inputSize),
    reduction: { dim },
    defaultLastStride: (secondOrder) => (secondOrder ? 1 : 2),
    build(input, { lastStride, attend }) {
      let features = input;
      const stages: Stage[] = [];
      let [index, stride] = [0, 1];
      const name = () => `features.${index++}`;
      for (const [s, widths] of plan.entries()) {
        for (const width of widths) {
          features = convolve(features, name(), width, 3, { bias: true });
          if (batchNorm) features = normalise(features, name());
          features = activate(features, name());
        }
        features = attend(features, { block: `block${s + 1}`, stage: s + 1 });
        const strides = s === plan.length - 1 ? lastStride : 2;
        // PyTorch counts the pooling, whether it is there or not.
        const pooling = name();
        if (strides !== 1) features = maxPool(features, pooling, { kernelSize: strides, strides });
        stride *= strides;
        stages.push({ features, spec: { channels: widths.at(-1)!, stride } });
      }
      return stages;
    },
    flatten: (features) => new AverageGrid({ name: 'avgpool', cells }).apply(features) as SymbolicTensor,
    classify(descriptor, { classes }) {
      let x = descriptor;
      for (const index of [0, 3]) {
        x = activate(linear(x, `classifier.${index}`, hidden, 0.01), `classifier.${index + 1}`);
        x = drop(x, `classifier.${index + 2}`, 0.5);
      }
      return linear(x, 'classifier.6', classes, 0.01);
    },
  };
}

for (const [name, plan] of Object.entries(plans)) backbones.register(name, vgg(plan));
