/** to[s] = Σ of the rows of x whose id is s; ids outside 0…segments−1 are left out. Rows are `width` numbers. */
export function segmentSum(x: usize, ids: usize, to: usize, rows: i32, width: i32, segments: i32, integers: i32): void {
  const bytes = (<usize>width) << 2;
  memory.fill(to, 0, <usize>segments * bytes);
  for (let row = 0; row < rows; ++row) {
    const id = load<i32>(ids + ((<usize>row) << 2));
    if (id >= 0 && id < segments) {
      const sum = to + <usize>id * bytes;
      let at: usize = 0;
      if (integers) {
        for (; at < bytes; at += 4) store<f32>(sum + at, load<f32>(sum + at) + <f32>load<i32>(x + at));
      } else {
        for (; at + 16 <= bytes; at += 16) v128.store(sum + at, f32x4.add(v128.load(sum + at), v128.load(x + at)));
        for (; at < bytes; at += 4) store<f32>(sum + at, load<f32>(sum + at) + load<f32>(x + at));
      }
    }
    x += bytes;
  }
}
