/**
 * Intersection over union of box i of one list with box j of another, both flat `[x, y, width, height]`; 0 if they only touch. Against
 * a crowd the union is the area of box i alone.
 */
export function boxIou(a: Float64Array, i: number, b: Float64Array, j: number, crowd: boolean): number {
  const [p, q] = [4 * i, 4 * j];
  const width = Math.min(a[p]! + a[p + 2]!, b[q]! + b[q + 2]!) - Math.max(a[p]!, b[q]!);
  if (width <= 0) return 0;
  const height = Math.min(a[p + 1]! + a[p + 3]!, b[q + 1]! + b[q + 3]!) - Math.max(a[p + 1]!, b[q + 1]!);
  if (height <= 0) return 0;
  const shared = width * height;
  const own = a[p + 2]! * a[p + 3]!;
  return shared / (crowd ? own : own + b[q + 2]! * b[q + 3]! - shared);
}
