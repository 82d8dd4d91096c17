import { checkArgument } from '@covpool/base';
import {
  add,
  customGrad,
  logSumExp,
  max,
  mul,
  oneHot,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';

/**
 * Softmax cross-entropy of logits, summed over the samples and divided by `count` (the whole batch, when these are one
 * shard of it): `Σ (log Σ exp z − Σ y z) / count`, y one-hot, or with label smoothing ε `(1−ε)·onehot + ε/K`.
 * Gradient: `(softmax(z) − y) / count`.
 *
 * @param logits [B,K]
 * @param labels [B], int32
 */
export function crossEntropy(
  logits: Tensor2D,
  labels: Tensor1D,
  { count = logits.shape[0], labelSmoothing = 0 }: { count?: number; labelSmoothing?: number } = {},
): Scalar {
  checkArgument(
    logits.rank === 2 && labels.rank === 1 && labels.shape[0] === logits.shape[0],
    () => `crossEntropy: logits must be [B,K] and labels [B], got [${logits.shape}] and [${labels.shape}]`,
  );
  const classes = logits.shape[1];
  const loss = customGrad((z, save) => {
    const values = z as Tensor;
    // wasm rounds oneHot's own on and off values.
    const targets = add(mul(oneHot(labels, classes), 1 - labelSmoothing), labelSmoothing / classes);
    (save as (tensors: Tensor[]) => void)([values, targets]);
    const shifted = sub(values, max(values, 1, true));
    const each = sub(logSumExp(shifted, 1), sum(mul(targets, shifted), 1));
    return {
      value: mul(sum(each), 1 / count) as Scalar,
      gradFunc: (dy: Tensor, [logitsSaved, targetsSaved]: Tensor[]) =>
        mul(sub(softmax(logitsSaved!), targetsSaved!), mul(dy, 1 / count)),
    };
  });
  return tidy(() => loss(logits));
}
