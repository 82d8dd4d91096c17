import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { activate, convolve, maxPool, normalise } from './parts.ts';

export interface DenseTokensPlan {
  /** Channels of the stem. */
  stem: number;
  /** Layers of each of the three dense blocks, and the channels that each adds. */
  layers: number;
  growth: number;
  /** Channels behind each block. */
  transition: number;
}

/**
 * The tokeniser of DropCov's transformers: a convolution and max-pooling, three dense blocks (Huang et al., DenseNet, 2017), behind each of
 * them batch normalisation, a 1×1 convolution and average pooling, and a 1×1 convolution to the width of the tokens: 16 pixels to a token
 * along each side. Weights have the names of the authors' code.
 */
export function denseTokens(pictures: SymbolicTensor, width: number, plan: DenseTokensPlan): SymbolicTensor {
  const path = 'visual_tokens.tokens';
  const initialization = 'torch';
  let x = convolve(pictures, `${path}.stem.0`, plan.stem, 3, { bias: true, initialization });
  x = maxPool(x, `${path}.stem.1`, { kernelSize: 3, strides: 2, padding: 1 });
  for (const block of [0, 2, 4]) {
    x = denseBlock(x, `${path}.stage.${block}`, plan);
    const name = `${path}.stage.${block + 1}`;
    x = convolve(normalise(x, `${name}.norm`), `${name}.conv`, plan.transition, 1, { initialization });
    x = layers.averagePooling2d({ name: `${name}.pool`, poolSize: 2, strides: 2 }).apply(x) as SymbolicTensor;
  }
  return convolve(x, `${path}.transition`, width, 1, { bias: true, initialization });
}

/** Every layer adds channels made of all before it, through a bottleneck of twice as many. */
function denseBlock(x: SymbolicTensor, name: string, { layers: count, growth }: DenseTokensPlan): SymbolicTensor {
  const initialization = 'torch';
  let features = x;
  for (let i = 1; i <= count; i++) {
    const layer = `${name}.denselayer${i}`;
    const unit = (input: SymbolicTensor, index: number) =>
      activate(normalise(input, `${layer}.norm${index}`), `${layer}.relu${index}`);
    const narrow = convolve(unit(features, 1), `${layer}.conv1`, 2 * growth, 1, { initialization });
    const added = convolve(unit(narrow, 2), `${layer}.conv2`, growth, 3, { initialization });
    features = layers.concatenate({ name: `${layer}.concat` }).apply([features, added]) as SymbolicTensor;
  }
  return features;
}
