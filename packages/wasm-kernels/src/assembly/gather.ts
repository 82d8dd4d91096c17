/**
 * `to[b,o,i,:] = x[b,o,ids[b,i],:]`: out of each of `outer` blocks of `extent` slices of `bytes` bytes, the `count` slices
 * that the batch's ids name. Returns 0 at an id outside of 0…extent−1, else 1.
 */
export function gatherSlices(
  x: usize,
  ids: usize,
  to: usize,
  batches: i32,
  outer: i32,
  extent: i32,
  count: i32,
  bytes: usize,
): i32 {
  for (let i = 0; i < batches * count; ++i) {
    if (load<u32>(ids + ((<usize>i) << 2)) >= <u32>extent) return 0;
  }
  const block = <usize>extent * bytes;
  for (let batch = 0; batch < batches; ++batch) {
    for (let row = 0; row < outer; ++row) {
      if (bytes === 4) {
        for (let i = 0; i < count; ++i, to += 4) {
          store<u32>(to, load<u32>(x + ((<usize>load<u32>(ids + ((<usize>i) << 2))) << 2)));
        }
      } else {
        for (let i = 0; i < count; ++i, to += bytes) {
          memory.copy(to, x + <usize>load<u32>(ids + ((<usize>i) << 2)) * bytes, bytes);
        }
      }
      x += block;
    }
    ids += (<usize>count) << 2;
  }
  return 1;
}
