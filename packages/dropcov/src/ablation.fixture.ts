/** For each value of a row its rank, 0 the largest; of equal values the first comes first. */
export function ranksOf(row: number[]): number[] {
  const order = row.map((_, i) => i).sort((p, q) => row[q]! - row[p]! || p - q);
  const ranks = new Array<number>(row.length);
  order.forEach((place, rank) => (ranks[place] = rank));
  return ranks;
}
