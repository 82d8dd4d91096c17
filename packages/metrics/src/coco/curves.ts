import { cocoIouThresholds, cocoRecallLevels } from './coco-parameters.ts';
import { ALL_MISSES, HIT, MISS } from './match.ts';

const THRESHOLDS = cocoIouThresholds.length;
const LEVELS = cocoRecallLevels.length;

/** Per threshold the precision at each recall level, the score there, and the recall reached. */
export interface Curves {
  /** `[thresholds · levels]` */
  precision: Float64Array;
  scores: Float64Array;
  recall: Float64Array;
}

/**
 * Precision–recall curves: detections by falling score, `tp / (tp + fp + ε)` made monotone from the right and read at the first place
 * where the recall `tp / wanted` reaches the level; 0 where none does. Only hits can be such places, so that only those are kept.
 *
 * @param order Places of the words by falling score.
 * @param wanted How many objects are to be found, at least 1.
 */
export function precisionRecall(words: Uint32Array, order: Int32Array, score: Float64Array, wanted: number): Curves {
  const hits = new Int32Array(THRESHOLDS);
  const misses = new Int32Array(THRESHOLDS);
  let missesOfAll = 0;
  const precisions = new Float64Array(THRESHOLDS * wanted);
  const scores = new Float64Array(THRESHOLDS * wanted);
  for (let i = 0; i < order.length; i++) {
    const word = words[order[i]!]!;
    if (word === ALL_MISSES) {
      missesOfAll++;
      continue;
    }
    for (let t = 0; t < THRESHOLDS; t++) {
      const state = (word >> (2 * t)) & 3;
      if (state === MISS) misses[t]! += 1;
      else if (state === HIT) {
        const found = ++hits[t]!;
        const at = t * wanted + found - 1;
        precisions[at] = found / (found + misses[t]! + missesOfAll + Number.EPSILON);
        scores[at] = score[order[i]!]!;
      }
    }
  }
  const curves: Curves = {
    precision: new Float64Array(THRESHOLDS * LEVELS),
    scores: new Float64Array(THRESHOLDS * LEVELS),
    recall: Float64Array.from(hits, (found) => found / wanted),
  };
  for (let t = 0; t < THRESHOLDS; t++) {
    // Recall 0 is reached by the first detection, whatever it is.
    if (order.length > 0) curves.scores[t * LEVELS] = score[order[0]!]!;
    const end = t * wanted + hits[t]!;
    for (let at = end - 2; at >= t * wanted; at--) precisions[at] = Math.max(precisions[at]!, precisions[at + 1]!);
    let at = t * wanted;
    for (let level = 0; level < LEVELS; level++) {
      while (at < end && (at - t * wanted + 1) / wanted < cocoRecallLevels[level]!) at++;
      if (at === end) break;
      curves.precision[t * LEVELS + level] = precisions[at]!;
      if (level > 0) curves.scores[t * LEVELS + level] = scores[at]!;
    }
  }
  return curves;
}

/** Per threshold the share of wanted objects that the first `most` detections of each picture find. */
export function recallOfFirst(words: Uint32Array, rank: Uint8Array, most: number, wanted: number): Float64Array {
  const recall = new Float64Array(THRESHOLDS);
  for (let i = 0; i < rank.length; i++) {
    if (rank[i]! >= most) continue;
    for (let t = 0; t < THRESHOLDS; t++) if (((words[i]! >> (2 * t)) & 3) === HIT) recall[t]! += 1;
  }
  return recall.map((found) => found / wanted);
}
