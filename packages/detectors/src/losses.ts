import { checkArgument } from '@covpool/base';
import {
  abs,
  add,
  clipByValue,
  customGrad,
  div,
  exp,
  log,
  max,
  minimum,
  mul,
  neg,
  relu,
  type Scalar,
  scalar,
  sigmoid,
  softmax,
  step,
  sub,
  sum,
  type Tensor,
  tensor,
  type Tensor2D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';

export interface LossOptions {
  /** What the sum is divided by. @default the number of targets */
  normaliser?: number;
}

/**
 * The loss of boxes: smooth L1, `Σ (½x²/β where |x| < β, else |x| − ½β) / normaliser` with x = prediction − target; `beta` 0 is L1,
 * whose gradient at x = 0 is 0. Without targets 0, and so is the gradient.
 *
 * In the first stage the normaliser is the number of all sampled anchors, in the second that of all sampled boxes.
 *
 * @param prediction [N,4]
 * @param targets as many numbers, row by row (`encodeBoxes`)
 */
export function smoothL1Loss(
  prediction: Tensor,
  targets: Float32Array,
  { beta, normaliser = targets.length }: LossOptions & { beta: number },
): Scalar {
  checkArgument(beta >= 0, () => `smoothL1Loss: beta must be 0 or more, got ${beta}`);
  return summedLoss('smoothL1Loss', prediction, targets, normaliser, (x, target) => {
    const difference = sub(x, target);
    const size = abs(difference);
    if (beta === 0) return [size, sub(step(difference), step(neg(difference)))];
    const bounded = minimum(size, beta);
    return [div(mul(bounded, sub(size, mul(bounded, 0.5))), beta), clipByValue(div(difference, beta), -1, 1)];
  });
}

/**
 * The loss of objectness and of masks: binary cross-entropy of logits, `Σ (max(x,0) − x·t + ln(1 + exp(−|x|))) / normaliser`.
 * Without targets 0, and so is the gradient.
 *
 * @param logits of any shape
 * @param targets as many numbers in [0, 1], in the order of the logits
 */
export function sigmoidCrossEntropyLoss(
  logits: Tensor,
  targets: Float32Array,
  { normaliser = targets.length }: LossOptions = {},
): Scalar {
  return summedLoss('sigmoidCrossEntropyLoss', logits, targets, normaliser, (x, target) => [
    add(sub(relu(x), mul(x, target)), log(add(exp(neg(abs(x))), 1))),
    sub(sigmoid(x), target),
  ]);
}

/**
 * The loss of classes: cross-entropy of the softmax of each row, `−Σ ln softmax(x)[label] / normaliser`. Without rows 0, and so
 * is the gradient.
 *
 * @param logits [N,C]
 * @param labels N whole numbers in [0, C)
 */
export function softmaxCrossEntropyLoss(
  logits: Tensor2D,
  labels: Int32Array,
  { normaliser = labels.length }: LossOptions = {},
): Scalar {
  const classes = logits.shape[1];
  checkArgument(
    logits.shape[0] === labels.length && labels.every((label) => label >= 0 && label < classes),
    () => `softmaxCrossEntropyLoss: a label in [0, ${classes}) per row of [${logits.shape}] is required`,
  );
  const chosen = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => (chosen[row * classes + label] = 1));
  return summedLoss('softmaxCrossEntropyLoss', logits, chosen, normaliser, (x, target) => {
    const shifted = sub(x, max(x, -1, true));
    const logNormaliser = log(sum(exp(shifted), -1, true));
    return [mul(sub(logNormaliser, shifted), target), sub(softmax(x as Tensor2D), target)];
  });
}

/** What each element loses, and its derivative by the element. */
type ElementLoss = (x: Tensor, target: Tensor) => [loss: Tensor, slope: Tensor];

/** The sum of an element-wise loss over a normaliser, with its derivative in closed form. */
function summedLoss(who: string, x: Tensor, targets: Float32Array, normaliser: number, element: ElementLoss): Scalar {
  checkArgument(
    targets.length === x.size,
    () => `${who}: one target per element of [${x.shape}] is required (${x.size}), got ${targets.length}`,
  );
  const factor = 1 / Math.max(normaliser, 1);
  const loss = customGrad((given, save) => {
    const input = given as Tensor;
    if (input.size === 0) return { value: scalar(0), gradFunc: () => zeros(input.shape) };
    const [value, slope] = tidy(() => {
      const [terms, slopes] = element(input, tensor(targets, input.shape));
      return [mul(sum(terms), factor) as Scalar, mul(slopes, factor)];
    });
    (save as (tensors: Tensor[]) => void)([slope!]);
    return { value: value!, gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, saved[0]!) };
  });
  return loss(x) as Scalar;
}
