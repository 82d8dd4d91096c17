import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type BackboneEntry, backbones, type Preprocessing, type Stage } from './backbone-registry.ts';
import { activate, add, convolve, drop, linear, normalise } from './parts.ts';

/** Pictures of CIFAR, whole. */
const preprocessing: Preprocessing = {
  inputSize: 32,
  cropFraction: 1,
  interpolation: 'bilinear',
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
};

const widths = [16, 32, 64];
const EXPANSION = 4;

interface Block {
  name: string;
  width: number;
  strides: number;
  attend?: (features: SymbolicTensor) => SymbolicTensor;
}

const unit = (x: SymbolicTensor, name: string, index: number): SymbolicTensor =>
  activate(normalise(x, `${name}.bn${index}`), `${name}.relu${index}`);

/**
 * Normalisation and activation come before each convolution, so that the shortcut is never touched. Where the shape changes, the
 * shortcut projects what the branch sees, as in the authors' code.
 */
function preactBlock(x: SymbolicTensor, { name, width, strides, attend }: Block): SymbolicTensor {
  const active = unit(x, name, 1);
  const narrow = unit(convolve(active, `${name}.conv1`, width, 1), name, 2);
  const spatial = unit(convolve(narrow, `${name}.conv2`, width, 3, { strides }), name, 3);
  const plain = convolve(spatial, `${name}.conv3`, EXPANSION * width, 1);
  const same = strides === 1 && x.shape.at(-1) === EXPANSION * width;
  const shortcut = same ? x : convolve(active, `${name}.downsample.0`, EXPANSION * width, 1, { strides });
  return add(attend ? attend(plain) : plain, shortcut, `${name}.add`);
}

/** A residual network of pre-activated bottlenecks for CIFAR (He et al., Identity Mappings, 2016): 9·count + 2 layers; NHWC. */
function preactResnet(count: number): BackboneEntry {
  return {
    summary: `residual network for CIFAR with ${3 * count} pre-activated bottleneck blocks`,
    stages: widths.length,
    firstLevel: 0,
    preprocessing,
    reduction: { dim: 128 },
    defaultLastStride: () => 2,
    build(input, { lastStride, attend }) {
      let features = convolve(input, 'conv1', 16, 3);
      let stride = 1;
      const stages: Stage[] = [];
      for (const [s, width] of widths.entries()) {
        const isLast = s === widths.length - 1;
        const downsampling = s === 0 ? 1 : isLast ? lastStride : 2;
        stride *= downsampling;
        for (let i = 0; i < count; i++) {
          const name = `layer${s + 1}.${i}`;
          const attended = (x: SymbolicTensor) => attend(x, { block: name, stage: s + 1 });
          const strides = i === 0 ? downsampling : 1;
          features = preactBlock(features, { name, width, strides, attend: i === count - 1 ? attended : undefined });
        }
        if (isLast) features = activate(normalise(features, 'bn'), 'relu');
        stages.push({ features, spec: { channels: EXPANSION * width, stride } });
      }
      return stages;
    },
    classify: (descriptor, { classes, secondOrder }) =>
      linear(secondOrder ? drop(descriptor, 'dropout', 0.5) : descriptor, 'fc', classes),
  };
}

backbones.register('preact-resnet164', preactResnet(18));
backbones.register('preact-resnet20', preactResnet(2));
