import { table } from '@covpool/cli';
import type { ConfusionMatrixJson } from '@covpool/metrics';

/** Classes whose matrix fits a terminal. */
const MOST_CLASSES = 12;
const MOST_PAIRS = 10;

/** Which classes were taken for which: the whole matrix of a few classes, of many the pairs that were confused most. */
export function confusionText({ counts }: ConfusionMatrixJson, classes: readonly string[]): string {
  if (classes.length <= MOST_CLASSES) {
    const rows = counts.map((row, i) => [classes[i]!, ...row.map(String)]);
    return table(['true \\ predicted', ...classes], rows);
  }
  const pairs = counts
    .flatMap((row, i) => row.map((count, j) => ({ i, j, count })))
    .filter(({ i, j, count }) => i !== j && count > 0)
    .sort((p, q) => q.count - p.count || p.i - q.i || p.j - q.j);
  if (pairs.length === 0) return 'no picture was taken for another class';
  const share = (i: number, count: number) => ((100 * count) / counts[i]!.reduce((a, b) => a + b)).toFixed(1);
  const rows = pairs
    .slice(0, MOST_PAIRS)
    .map(({ i, j, count }) => [classes[i]!, classes[j]!, String(count), `${share(i, count)} %`]);
  return table(['most confused', 'taken for', 'pictures', 'of the class'], rows);
}
