/**
 * The indices of the `count` highest scores, highest first, the lower index first among equals. Numbers that are not finite
 * and not +∞ come last. Cost: one sort of the values and one of the chosen indices.
 */
export function topScores(scores: Float32Array, count = Infinity): Int32Array {
  let chosen: Int32Array;
  if (count >= scores.length) chosen = Int32Array.from(scores.keys());
  else {
    const limit = Float32Array.from(scores, finite).sort()[scores.length - count] ?? Infinity;
    const above: number[] = [];
    const equal: number[] = [];
    scores.forEach((given, n) => {
      const score = finite(given);
      if (score > limit) above.push(n);
      else if (score === limit && equal.length < count) equal.push(n);
    });
    chosen = Int32Array.from([...above, ...equal.slice(0, count - above.length)]);
  }
  return chosen.sort((a, b) => {
    const [high, low] = [finite(scores[a]!), finite(scores[b]!)];
    return high === low ? a - b : high > low ? -1 : 1;
  });
}

const finite = (score: number): number => (Number.isNaN(score) ? -Infinity : score);
