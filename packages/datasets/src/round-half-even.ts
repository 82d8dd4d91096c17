/** Rounds to the nearest whole number, halves to the even one, as Python's `round` does: 58.5 -> 58, 59.5 -> 60. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
