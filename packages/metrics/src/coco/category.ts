import { areaRanges, byRange, isWithin, type AreaRange } from './area-ranges.ts';
import { sortByScore } from './counting-sort.ts';
import { precisionRecall, recallOfFirst, type Curves } from './curves.ts';
import { matchCategory, type Evaluation } from './match-category.ts';

/** One category: curves for each range of sizes, undefined where nothing of that size is to be found. */
export interface CategoryCurves {
  /** Objects to be found, of each range of sizes. */
  wanted: Record<AreaRange, number>;
  curves: Record<AreaRange, Curves | undefined>;
  /** Recall of all sizes with 1 and with 10 detections a picture. */
  recall1?: Float64Array;
  recall10?: Float64Array;
}

/** Evaluates one category; both lists of rows are in the order of pictures. */
export function evaluateCategory(evaluation: Evaluation, objects: Int32Array, found: Int32Array): CategoryCurves {
  const { crowd, area } = evaluation.annotations;
  const ignored = areaRanges.map((range) =>
    Uint8Array.from(objects, (row) => (crowd[row] || !isWithin(area[row]!, range) ? 1 : 0)),
  );
  const wanted = ignored.map((flags) => flags.reduce((sum, flag) => sum + 1 - flag, 0));
  if (wanted[0] === 0) return { wanted: byRange(wanted), curves: byRange(areaRanges.map(() => undefined)) };

  const { words, score, rank } = matchCategory(evaluation, objects, found, ignored);
  const places = Int32Array.from(score.keys());
  const order = sortByScore(places, score);
  return {
    wanted: byRange(wanted),
    curves: byRange(
      areaRanges.map((_, r) => (wanted[r]! > 0 ? precisionRecall(words[r]!, order, score, wanted[r]!) : undefined)),
    ),
    recall1: recallOfFirst(words[0]!, rank, 1, wanted[0]!),
    recall10: recallOfFirst(words[0]!, rank, 10, wanted[0]!),
  };
}
