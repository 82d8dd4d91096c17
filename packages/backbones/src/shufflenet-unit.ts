import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ChannelShuffle } from './channel-shuffle.ts';
import { ChannelSlice } from './channel-slice.ts';
import { activate, convolve, convolveDepthwise, normalise } from './parts.ts';

/** Weights of these networks start as PyTorch's defaults. */
export const initialization = 'torch';

interface UnitPlan {
  name: string;
  /** That come out. */
  channels: number;
  strides: number;
  /** Whether both branches see the whole input; otherwise half of its channels pass by. */
  first: boolean;
  /** Applied to the second branch. */
  attend?: (features: SymbolicTensor) => SymbolicTensor;
}

/** A unit of ShuffleNetV2 (Ma et al. 2018): two branches, joined and shuffled. */
export function shufflenetUnit(
  x: SymbolicTensor,
  { name, channels, strides, first, attend }: UnitPlan,
): SymbolicTensor {
  const half = channels / 2;
  const passing = first ? shortBranch(x, `${name}.branch1`, half, strides) : part(x, `${name}.pass`, 0, half);
  const working = first ? x : part(x, `${name}.work`, half, half);
  const plain = longBranch(working, `${name}.branch2`, half, strides);
  const joined = layers.concatenate({ name: `${name}.concat` }).apply([passing, attend ? attend(plain) : plain]);
  return new ChannelShuffle({ name: `${name}.shuffle`, groups: 2 }).apply(joined) as SymbolicTensor;
}

const part = (x: SymbolicTensor, name: string, from: number, size: number): SymbolicTensor =>
  new ChannelSlice({ name, from, size }).apply(x) as SymbolicTensor;

function shortBranch(x: SymbolicTensor, name: string, filters: number, strides: number): SymbolicTensor {
  const spatial = normalise(convolveDepthwise(x, `${name}.0`, { strides, initialization }), `${name}.1`);
  return activate(normalise(convolve(spatial, `${name}.2`, filters, 1, { initialization }), `${name}.3`), `${name}.4`);
}

function longBranch(x: SymbolicTensor, name: string, filters: number, strides: number): SymbolicTensor {
  const wide = normalise(convolve(x, `${name}.0`, filters, 1, { initialization }), `${name}.1`);
  const spatial = convolveDepthwise(activate(wide, `${name}.2`), `${name}.3`, { strides, initialization });
  const mixed = convolve(normalise(spatial, `${name}.4`), `${name}.5`, filters, 1, { initialization });
  return activate(normalise(mixed, `${name}.6`), `${name}.7`);
}
