/** IoU of box i of one list with box j of another, `[x, y, width, height]`, where corners x and x + width are pixels inside. */
export function inclusiveIou(a: Float64Array, i: number, b: Float64Array, j: number): number {
  const [p, q] = [4 * i, 4 * j];
  const width = Math.min(a[p]! + a[p + 2]!, b[q]! + b[q + 2]!) - Math.max(a[p]!, b[q]!) + 1;
  const height = Math.min(a[p + 1]! + a[p + 3]!, b[q + 1]! + b[q + 3]!) - Math.max(a[p + 1]!, b[q + 1]!) + 1;
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / ((a[p + 2]! + 1) * (a[p + 3]! + 1) + (b[q + 2]! + 1) * (b[q + 3]! + 1) - shared);
}
