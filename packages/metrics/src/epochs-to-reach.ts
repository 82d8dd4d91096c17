/**
 * The first epoch, counted from 1, whose value is at least the target; null if none is. NaN never reaches anything.
 *
 * ```ts
 * epochsToReach([40, 55, 61, 60], 60); // 3
 * ```
 */
export function epochsToReach(curve: ArrayLike<number>, target: number): number | null {
  for (let i = 0; i < curve.length; i++) if (curve[i]! >= target) return i + 1;
  return null;
}
