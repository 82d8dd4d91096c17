import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { AverageGrid } from './average-grid.ts';
import { backbones, imagenetPreprocessing, type Stage } from './backbone-registry.ts';
import { activate, convolve, drop, linear, maxPool } from './parts.ts';

const initialization = 'torch';

/** Convolutions by PyTorch's index: channels, kernel, strides, padding. */
const stages: { index: number; channels: number; kernel: number; strides?: number; padding: number }[][] = [
  [{ index: 0, channels: 64, kernel: 11, strides: 4, padding: 2 }],
  [{ index: 3, channels: 192, kernel: 5, padding: 2 }],
  [
    { index: 6, channels: 384, kernel: 3, padding: 1 },
    { index: 8, channels: 256, kernel: 3, padding: 1 },
    { index: 10, channels: 256, kernel: 3, padding: 1 },
  ],
];

/**
 * AlexNet in one stream (Krizhevsky 2014) with torchvision's weight names; NHWC. Its two hidden linear layers stand behind any
 * pooling; below a second-order one the last max-pooling is left out, and nothing reduces its 256 channels.
 */
backbones.register('alexnet', {
  summary: 'five convolutions and three linear layers',
  stages: stages.length,
  firstLevel: 3,
  preprocessing: imagenetPreprocessing(224),
  defaultLastStride: (secondOrder) => (secondOrder ? 1 : 2),
  build(input, { lastStride, attend }) {
    let features = input;
    let stride = 4;
    const outputs: Stage[] = [];
    for (const [s, convolutions] of stages.entries()) {
      for (const { index, channels, kernel, strides, padding } of convolutions) {
        const options = { strides, padding, bias: true, initialization } as const;
        features = activate(
          convolve(features, `features.${index}`, channels, kernel, options),
          `features.${index + 1}`,
        );
      }
      features = attend(features, { block: `block${s + 1}`, stage: s + 1 });
      const { index, channels } = convolutions.at(-1)!;
      const strides = s === stages.length - 1 ? lastStride : 2;
      if (strides !== 1) features = maxPool(features, `features.${index + 2}`, { kernelSize: 3, strides });
      stride *= strides;
      outputs.push({ features, spec: { channels, stride } });
    }
    return outputs;
  },
  flatten: (features) => new AverageGrid({ name: 'avgpool', cells: 6 }).apply(features) as SymbolicTensor,
  classify(descriptor, { classes }) {
    let x = descriptor;
    for (const index of [1, 4]) {
      const dropped = drop(x, `classifier.${index - 1}`, 0.5);
      x = activate(linear(dropped, `classifier.${index}`, 4096), `classifier.${index + 1}`);
    }
    return linear(x, 'classifier.6', classes);
  },
});
