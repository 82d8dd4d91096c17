/**
 * Moves positions apart until neighbours keep the gap, within [low, high], each as near to where it wants to be as its neighbours
 * allow; the order stays. Where they cannot all fit, the gap shrinks evenly. For labels at the ends of lines.
 */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const room = Math.min(gap, wanted.length > 1 ? (high - low) / (wanted.length - 1) : gap);
  // A block is a run of touching labels; it stands where the mean of its members wants it.
  const blocks: { start: number; sum: number; size: number }[] = [];
  order.forEach((i) => {
    blocks.push({ start: clampStart(wanted[i]!, 1), sum: wanted[i]!, size: 1 });
    for (;;) {
      const last = blocks.at(-1)!;
      const before = blocks.at(-2);
      if (!before || before.start + before.size * room <= last.start) break;
      const size = before.size + last.size;
      const sum = before.sum + last.sum - before.size * last.size * room;
      blocks.splice(-2, 2, { start: clampStart(sum / size, size), sum, size });
    }
  });
  const result = Array.from<number>({ length: wanted.length });
  let next = 0;
  for (const { start, size } of blocks) for (let k = 0; k < size; k++) result[order[next++]!] = start + k * room;
  return result;

  function clampStart(start: number, size: number): number {
    return Math.max(low, Math.min(start, high - (size - 1) * room));
  }
}
