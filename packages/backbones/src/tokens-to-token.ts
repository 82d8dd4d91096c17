import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ChannelSlice } from './channel-slice.ts';
import { HeadAttention } from './head-attention.ts';
import { add, drop } from './parts.ts';
import { PerformerAttention } from './performer-attention.ts';
import { SoftSplit } from './soft-split.ts';
import { normaliseLayer, perceive, project } from './transformer-parts.ts';

export interface TokensToTokenPlan {
  /** How the tokens attend to each other before they are split anew. */
  attention: 'performer' | 'transformer';
  /** Channels of the tokens in between. */
  tokenWidth: number;
}

const PATH = 'tokens_to_token';
const EPSILON = 1e-5;
/** Rate of the dropouts of the performer, which the authors' networks do not change. */
const DROP = 0.1;

/**
 * Pictures to tokens by overlapping patches (Yuan et al., Tokens-to-Token ViT, 2021): patches of 7×7 pixels every 4, of 3×3 positions every 2
 * and once more so, with a narrow transformer's block between them, and a linear map to the width of the tokens: 16 pixels to a token along
 * each side. Weights have the names of the authors' code.
 */
export function tokensToToken(
  pictures: SymbolicTensor,
  width: number,
  { attention, tokenWidth }: TokensToTokenPlan,
): SymbolicTensor {
  const block = attention === 'performer' ? performerBlock : attentionBlock;
  let x = splitSoftly(pictures, 0, { kernelSize: 7, strides: 4, padding: 2 });
  for (const i of [1, 2]) {
    x = block(x, `${PATH}.attention${i}`, tokenWidth);
    x = splitSoftly(x, i, { kernelSize: 3, strides: 2, padding: 1 });
  }
  return project(x, `${PATH}.project`, width);
}

const splitSoftly = (x: SymbolicTensor, i: number, options: { kernelSize: number; strides: number; padding: number }) =>
  new SoftSplit({ name: `${PATH}.soft_split${i}`, ...options }).apply(x) as SymbolicTensor;

/** Attention by random features, half as many as channels. Its shortcut carries the values, as its input is wider. */
function performerBlock(x: SymbolicTensor, name: string, width: number): SymbolicTensor {
  const kqv = project(normaliseLayer(x, `${name}.norm1`, EPSILON), `${name}.kqv`, 3 * width);
  const attended = new PerformerAttention({ name, features: Math.floor(width / 2) }).apply(kqv) as SymbolicTensor;
  const branch = drop(project(attended, `${name}.proj`, width), `${name}.dp`, DROP);
  const mixed = add(valuesOf(kqv, name, width), branch, `${name}.add1`);
  const names = [0, 1, 2].map((index) => `${name}.mlp.${index}`);
  const perceived = perceive(normaliseLayer(mixed, `${name}.norm2`, EPSILON), width, names);
  return add(mixed, drop(perceived, `${name}.mlp.3`, DROP), `${name}.add2`);
}

/** One head of softmax attention, scaled by the channels of its input. Its shortcut carries the values, too. */
function attentionBlock(x: SymbolicTensor, name: string, width: number): SymbolicTensor {
  const scale = x.shape.at(-1)! ** -0.5;
  const qkv = project(normaliseLayer(x, `${name}.norm1`, EPSILON), `${name}.attn.qkv`, 3 * width, false);
  const attended = new HeadAttention({ name: `${name}.attn`, heads: 1, scale }).apply(qkv) as SymbolicTensor;
  const branch = project(attended, `${name}.attn.proj`, width);
  const mixed = add(valuesOf(qkv, name, width), branch, `${name}.add1`);
  const names = ['fc1', 'act', 'fc2'].map((part) => `${name}.mlp.${part}`);
  const perceived = perceive(normaliseLayer(mixed, `${name}.norm2`, EPSILON), width, names);
  return add(mixed, perceived, `${name}.add2`);
}

/** The last third of keys, queries and values beside each other. */
const valuesOf = (x: SymbolicTensor, name: string, width: number): SymbolicTensor =>
  new ChannelSlice({ name: `${name}.values`, from: 2 * width, size: width }).apply(x) as SymbolicTensor;
