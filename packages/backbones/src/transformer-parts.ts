import { DropPath, Gelu, LayerNorm, Linear } from '@covpool/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { HeadAttention } from './head-attention.ts';
import { add, convolve } from './parts.ts';

/** The parts that transformers are written in: each applies named layers. */

export const normaliseLayer = (x: SymbolicTensor, name: string, epsilon: number): SymbolicTensor =>
  new LayerNorm({ name, epsilon }).apply(x) as SymbolicTensor;

/** A linear map that starts as vision transformers do: N(0, 0.02²), bias 0. */
export const project = (x: SymbolicTensor, name: string, units: number, bias = true): SymbolicTensor =>
  new Linear({ name, units, bias, deviation: 0.02 }).apply(x) as SymbolicTensor;

const activateGelu = (x: SymbolicTensor, name: string): SymbolicTensor => new Gelu({ name }).apply(x) as SymbolicTensor;

/** Square patches that do not overlap, each as one position, by a convolution with PyTorch's initial values. */
export const embedPatches = (pictures: SymbolicTensor, name: string, width: number, side: number): SymbolicTensor =>
  convolve(pictures, name, width, side, { strides: side, padding: 0, bias: true, initialization: 'torch' });

interface SelfAttentionOptions {
  heads: number;
  qkvBias: boolean;
  scale?: number;
}

/** Tokens that attend to each other: a linear map to queries, keys and values, attention, a linear map. */
export function attendToTokens(
  x: SymbolicTensor,
  name: string,
  { heads, qkvBias, scale }: SelfAttentionOptions,
): SymbolicTensor {
  const width = x.shape.at(-1)!;
  const qkv = project(x, `${name}.qkv`, 3 * width, qkvBias);
  const attended = new HeadAttention({ name, heads, scale }).apply(qkv) as SymbolicTensor;
  return project(attended, `${name}.proj`, width);
}

/** Two linear maps with GELU between them, of each position by itself. */
export function perceive(x: SymbolicTensor, hidden: number, [first, act, second]: string[]): SymbolicTensor {
  const units = x.shape.at(-1)!;
  return project(activateGelu(project(x, first!, hidden), act!), second!, units);
}

interface BlockPlan {
  name: string;
  /** Units of the hidden layer. */
  hidden: number;
  epsilon: number;
  /** Rate of stochastic depth. */
  dropPath: number;
}

/**
 * A block of a transformer, normalised before each branch: `x += attend(LN(x))`, `x += MLP(LN(x))`, each branch dropped at the rate of
 * stochastic depth in training.
 */
export function transformerBlock(
  x: SymbolicTensor,
  { name, hidden, epsilon, dropPath }: BlockPlan,
  attend: (normalised: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const attended = attend(normaliseLayer(x, `${name}.norm1`, epsilon));
  const mixed = add(x, dropBranch(attended, `${name}.drop_path1`, dropPath), `${name}.add1`);
  const names = ['fc1', 'act', 'fc2'].map((part) => `${name}.mlp.${part}`);
  const perceived = perceive(normaliseLayer(mixed, `${name}.norm2`, epsilon), hidden, names);
  return add(mixed, dropBranch(perceived, `${name}.drop_path2`, dropPath), `${name}.add2`);
}

const dropBranch = (x: SymbolicTensor, name: string, rate: number): SymbolicTensor =>
  rate === 0 ? x : (new DropPath({ name, rate }).apply(x) as SymbolicTensor);

/** The rate of block i of so many: from 0 in the first to `rate` in the last. */
export const depthRate = (rate: number, block: number, blocks: number): number =>
  blocks === 1 ? 0 : (rate * block) / (blocks - 1);
