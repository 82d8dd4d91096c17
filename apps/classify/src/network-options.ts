import type { OptionSpecs } from '@covpool/cli';

/** The options that say which network weights are of. */
export const networkOptions = {
  backbone: { type: 'string', value: 'name', summary: 'the network of weights that come without a description' },
  pool: { type: 'string', value: 'name', summary: 'its pooling: gap, isqrt, …', fallback: "the backbone's own" },
  dim: { type: 'number', summary: 'channels that its pooling sees', fallback: 'what the weights say' },
  attention: { type: 'string', value: 'name', summary: 'in its blocks', fallback: "the backbone's own" },
} as const satisfies OptionSpecs;
