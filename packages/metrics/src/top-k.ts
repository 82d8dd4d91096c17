import { checkArgument, checkPositiveWhole, CovpoolError } from '@covpool/base';

/**
 * How many of the samples have their label among the k largest logits.
 *
 * Logits are row-major `[samples, classes]`. Of equal logits the one with the lower class index ranks first, so the result does not
 * depend on a sorting routine. NaN ranks above every number, and a label whose logit is NaN is never a hit: a network that broke cannot
 * score. Cost: one pass over the logits, without sorting.
 *
 * ```ts
 * topK(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), Int32Array.of(5), 10, 5); // 1; with label 4: 0
 * ```
 *
 * @throws `bad-argument` if the lengths disagree, a label is no class, or k is not in 1…classes.
 */
export function topK(logits: Float32Array, labels: Int32Array, classes: number, k: number): number {
  const samples = checkRows('topK', logits, classes);
  checkArgument(
    labels.length === samples,
    () => `topK: one label per row of logits is required (${samples}), got ${labels.length}`,
  );
  checkArgument(
    Number.isInteger(k) && k >= 1 && k <= classes,
    () => `topK: k must be an integer in 1…${classes} (the classes), got ${k}`,
  );
  let hits = 0;
  for (let sample = 0; sample < samples; sample++) {
    const label = labels[sample]!;
    checkArgument(
      label >= 0 && label < classes,
      () => `topK: labels must be in 0…${classes - 1}, got ${label} at sample ${sample}`,
    );
    if (rank(logits, sample * classes, classes, label) < k) hits++;
  }
  return hits;
}

/**
 * The class of the largest logit of each row of `[samples, classes]`; of equal logits the lower index, so that it agrees with
 * `topK(…, 1)`.
 *
 * @throws `bad-argument` if the length is no multiple of the classes; `non-finite` if a row holds NaN, which has no largest logit.
 */
export function predictedClasses(logits: Float32Array, classes: number): Int32Array {
  const samples = checkRows('predictedClasses', logits, classes);
  const predicted = new Int32Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    const offset = sample * classes;
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const value = logits[offset + c]!;
      if (Number.isNaN(value)) {
        throw new CovpoolError(
          'non-finite',
          `predictedClasses: logits must be numbers, got NaN at sample ${sample}, class ${c}; the network has diverged`,
        );
      }
      if (value > logits[offset + best]!) best = c;
    }
    predicted[sample] = best;
  }
  return predicted;
}

/** How many classes rank before the label; Infinity if its logit is NaN. */
function rank(logits: Float32Array, offset: number, classes: number, label: number): number {
  const own = logits[offset + label]!;
  if (Number.isNaN(own)) return Number.POSITIVE_INFINITY;
  let before = 0;
  for (let c = 0; c < classes; c++) {
    const other = logits[offset + c]!;
    if (!(other <= own) || (other === own && c < label)) before++;
  }
  return before;
}

function checkRows(who: string, logits: Float32Array, classes: number): number {
  checkPositiveWhole(who, 'classes', classes);
  checkArgument(
    logits.length % classes === 0,
    () => `${who}: logits must hold whole rows of ${classes} classes, got ${logits.length} values`,
  );
  return logits.length / classes;
}
