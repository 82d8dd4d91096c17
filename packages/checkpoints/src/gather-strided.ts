/** Copies the elements of a strided tensor into a row-major array. Strides and offset in elements of `width` bytes. */
export function gatherStrided(
  storage: Uint8Array,
  width: number,
  { offset, shape, strides }: { offset: number; shape: number[]; strides: number[] },
): Uint8Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const result = new Uint8Array(count * width);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < width; byte++) result[i * width + byte] = storage[at * width + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/** Whether a tensor's elements stand in row-major order without gaps. */
export function isContiguous(shape: number[], strides: number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
