/** Brings positions into the order of their keys in 0…keys−1; equal ones stay in order. Cost: positions + keys. */
export function sortByKey(positions: Int32Array, key: Int32Array, keys: number): Int32Array {
  const next = new Int32Array(keys + 1);
  for (let i = 0; i < positions.length; i++) next[key[positions[i]!]! + 1]! += 1;
  for (let k = 0; k < keys; k++) next[k + 1]! += next[k]!;
  const sorted = new Int32Array(positions.length);
  for (let i = 0; i < positions.length; i++) sorted[next[key[positions[i]!]!]!++] = positions[i]!;
  return sorted;
}

/** Few positions are sorted faster by insertion: no call for each comparison. */
const FEW = 24;

/** Sorts positions by falling score in place; equal ones stay in order. */
export function sortByScore(positions: Int32Array, score: Float64Array): Int32Array {
  if (positions.length > FEW) {
    return positions.sort((a, b) => (score[a]! > score[b]! ? -1 : score[a]! < score[b]! ? 1 : 0));
  }
  for (let i = 1; i < positions.length; i++) {
    const position = positions[i]!;
    let at = i;
    for (; at > 0 && score[positions[at - 1]!]! < score[position]!; at--) positions[at] = positions[at - 1]!;
    positions[at] = position;
  }
  return positions;
}
