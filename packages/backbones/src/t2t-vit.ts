import { backbones } from './backbone-registry.ts';
import { tokensToToken, type TokensToTokenPlan } from './tokens-to-token.ts';
import { visionTransformer, type VisionTransformerPlan } from './vision-transformer.ts';

export type T2tVitPlan = Pick<
  VisionTransformerPlan,
  'summary' | 'inputSize' | 'width' | 'depth' | 'heads' | 'mlpRatio' | 'dropPath' | 'dim'
> &
  TokensToTokenPlan;

/**
 * A Tokens-to-Token ViT (Yuan et al. 2021). Scores are scaled by 1/√(channels of a token), as the published weights need it; the authors' code
 * does so with those alone, and scales by the channels of a head else.
 */
export const t2tVit = ({ attention, tokenWidth, ...plan }: T2tVitPlan): VisionTransformerPlan => ({
  ...plan,
  stride: 16,
  tokens: (pictures) => tokensToToken(pictures, plan.width, { attention, tokenWidth }),
  qkvBias: false,
  scale: plan.width ** -0.5,
  trainedPositions: false,
  epsilon: 1e-5,
});

const t2t14 = (attention: TokensToTokenPlan['attention']): T2tVitPlan => ({
  summary: `transformer of 14 blocks, 6 heads and 384 channels on overlapping patches, ${attention}s between their splits`,
  inputSize: 224,
  attention,
  tokenWidth: 64,
  width: 384,
  depth: 14,
  heads: 6,
  mlpRatio: 3,
  dropPath: 0.1,
  dim: 256,
});

const plans: Record<string, T2tVitPlan> = {
  't2t-vit-mini': {
    ...t2t14('performer'),
    summary: 'transformer of 4 blocks, 4 heads and 48 channels on overlapping patches: trains on a CPU in minutes',
    inputSize: 64,
    tokenWidth: 16,
    width: 48,
    depth: 4,
    heads: 4,
    mlpRatio: 2,
    dropPath: 0,
    dim: undefined,
  },
  't2t-vit-14': t2t14('performer'),
  't2t-vit-t-14': t2t14('transformer'),
};

for (const [name, plan] of Object.entries(plans)) backbones.register(name, visionTransformer(t2tVit(plan)));
