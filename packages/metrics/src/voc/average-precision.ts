/**
 * Area under precision over recall, precision made monotone from the right: Pascal VOC from 2010 on. Recall rises from detection to
 * detection; with none of them it is 0.
 */
export function areaUnderCurve(recall: Float64Array, precision: Float64Array): number {
  let best = 0;
  let area = 0;
  for (let i = recall.length - 1; i >= 0; i--) {
    best = Math.max(best, precision[i]!);
    area += best * (recall[i]! - (i > 0 ? recall[i - 1]! : 0));
  }
  return area;
}

/** Mean over the recalls 0, 0.1, …, 1 of the highest precision there or beyond: Pascal VOC until 2009. */
export function elevenPoints(recall: Float64Array, precision: Float64Array): number {
  let sum = 0;
  for (let level = 0; level <= 10; level++) {
    let best = 0;
    for (let i = 0; i < recall.length; i++) if (recall[i]! >= level / 10) best = Math.max(best, precision[i]!);
    sum += best;
  }
  return sum / 11;
}
