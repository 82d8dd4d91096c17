import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { activate, add, convolve, convolveDepthwise, normalise } from './parts.ts';

export interface InvertedResidual {
  /** Width inside the block per channel that comes in. */
  expansion: number;
  channels: number;
  strides: number;
}

/**
 * Expand by 1×1, convolve depthwise by 3×3, project by 1×1; the shortcut joins what is narrow (Sandler et al. 2018). No
 * expansion if it is 1, no shortcut if the shape changes. `attend` is applied below the addition.
 */
export function invertedResidual(
  x: SymbolicTensor,
  { name, expansion, channels, strides }: InvertedResidual & { name: string },
  attend?: (features: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const width = x.shape.at(-1)!;
  let features = x;
  let index = 0;
  if (expansion !== 1) {
    features = unit(convolve(x, `${name}.conv.0.0`, width * expansion, 1), `${name}.conv.0`);
    index = 1;
  }
  features = unit(convolveDepthwise(features, `${name}.conv.${index}.0`, { strides }), `${name}.conv.${index}`);
  const projected = convolve(features, `${name}.conv.${index + 1}`, channels, 1);
  const plain = normalise(projected, `${name}.conv.${index + 2}`);
  const branch = attend ? attend(plain) : plain;
  return strides === 1 && width === channels ? add(x, branch, `${name}.add`) : branch;
}

const unit = (x: SymbolicTensor, name: string): SymbolicTensor =>
  activate(normalise(x, `${name}.1`), `${name}.2`, 'relu6');
