import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { AverageGrid } from './average-grid.ts';
import { type BackboneEntry, backbones, imagenetPreprocessing, type Stage } from './backbone-registry.ts';
import { activate, convolve, drop, linear, maxPool } from './parts.ts';

interface AlexnetPlan {
  summary: string;
  inputSize: number;
  /** Channels of the five convolutions. */
  widths: readonly [number, number, number, number, number];
  /** Stride of the first convolution. */
  stemStride: number;
  /** Rows and columns of what the classifier sees without second-order pooling. */
  cells: number;
  /** Width of the two hidden layers of the classifier. */
  hidden: number;
}

const initialization = 'torch';

/** Convolutions by PyTorch's index; max-pooling follows each stage. */
const stages = [
  [{ index: 0, kernel: 11, padding: 2 }],
  [{ index: 3, kernel: 5, padding: 2 }],
  [
    { index: 6, kernel: 3, padding: 1 },
    { index: 8, kernel: 3, padding: 1 },
    { index: 10, kernel: 3, padding: 1 },
  ],
];

const plans: Record<string, AlexnetPlan> = {
  alexnet: {
    summary: 'five convolutions and three linear layers',
    inputSize: 224,
    widths: [64, 192, 384, 256, 256],
    stemStride: 4,
    cells: 6,
    hidden: 4096,
  },
  'alexnet-small': {
    summary: 'five convolutions of 16 to 48 channels and three linear layers: trains on a CPU in minutes',
    inputSize: 64,
    widths: [16, 32, 48, 32, 32],
    stemStride: 2,
    cells: 2,
    hidden: 128,
  },
};

/**
 * AlexNet in one stream (Krizhevsky 2014) with torchvision's weight names; NHWC. Its two hidden linear layers stand behind any
 * pooling; below a second-order one the last max-pooling is left out, and nothing reduces its channels.
 */
function alexnet({ summary, inputSize, widths, stemStride, cells, hidden }: AlexnetPlan): BackboneEntry {
  return {
    summary,
    stages: stages.length,
    firstLevel: Math.log2(2 * stemStride),
    preprocessing: imagenetPreprocessing(inputSize),
    defaultLastStride: (secondOrder) => (secondOrder ? 1 : 2),
    build(input, { lastStride, attend }) {
      let features = input;
      let stride = stemStride;
      const outputs: Stage[] = [];
      const channels = [...widths];
      for (const [s, convolutions] of stages.entries()) {
        let width = 0;
        for (const { index, kernel, padding } of convolutions) {
          width = channels.shift()!;
          const options = { strides: index === 0 ? stemStride : 1, padding, bias: true, initialization } as const;
          features = convolve(features, `features.${index}`, width, kernel, options);
          features = activate(features, `features.${index + 1}`);
        }
        features = attend(features, { block: `block${s + 1}`, stage: s + 1 });
        const strides = s === stages.length - 1 ? lastStride : 2;
        const pooling = `features.${convolutions.at(-1)!.index + 2}`;
        if (strides !== 1) features = maxPool(features, pooling, { kernelSize: 3, strides });
        stride *= strides;
        outputs.push({ features, spec: { channels: width, stride } });
      }
      return outputs;
    },
    flatten: (features) => new AverageGrid({ name: 'avgpool', cells }).apply(features) as SymbolicTensor,
    classify(descriptor, { classes }) {
      let x = descriptor;
      for (const index of [1, 4]) {
        const dropped = drop(x, `classifier.${index - 1}`, 0.5);
        x = activate(linear(dropped, `classifier.${index}`, hidden), `classifier.${index + 1}`);
      }
      return linear(x, 'classifier.6', classes);
    },
  };
}

for (const [name, plan] of Object.entries(plans)) backbones.register(name, alexnet(plan));
