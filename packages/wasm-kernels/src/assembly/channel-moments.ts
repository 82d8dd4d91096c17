import { columnMeans, meansBytes } from './panels';

/** Bytes of scratch for `positionMeans` and `channelCorrelation`. */
export function channelMomentsScratch(d: i32): usize {
  return meansBytes(d);
}

/** The means over positions [count,d] of pictures [count,m,d], summed in float64. */
export function positionMeans(x: usize, means: usize, count: i32, m: i32, d: i32, scratch: usize): void {
  const line = (<usize>d) << 2;
  for (let picture = 0; picture < count; ++picture) {
    columnMeans(x, m, d, scratch);
    memory.copy(means, scratch, line);
    x += <usize>m * line;
    means += line;
  }
}

/** `w∘(Xᵀ(Xw − mean))/M` [count,d] of pictures X [count,m,d] and weights w [count,d]. */
export function channelCorrelation(
  x: usize,
  weights: usize,
  to: usize,
  count: i32,
  m: i32,
  d: i32,
  scratch: usize,
): void {
  const line = (<usize>d) << 2;
  const scale = <f32>(1 / <f64>m);
  for (let picture = 0; picture < count; ++picture) {
    // The mean of X over positions, times w, is that of Xw.
    columnMeans(x, m, d, scratch);
    const mean = dot(scratch, weights, d);
    memory.fill(to, 0, line);
    for (let i = 0; i < m; ++i) {
      addScaled(dot(x, weights, d) - mean, x, to, d);
      x += line;
    }
    for (let c: usize = 0; c < line; c += 4) store<f32>(to + c, scale * load<f32>(weights + c) * load<f32>(to + c));
    weights += line;
    to += line;
  }
}

function dot(a: usize, b: usize, n: i32): f32 {
  const full = (<usize>(n & ~7)) << 2;
  const end = (<usize>n) << 2;
  let even = f32x4.splat(0);
  let odd = even;
  for (let i: usize = 0; i < full; i += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(a + i, 16), v128.load(b + i, 16)));
  }
  even = f32x4.add(even, odd);
  const first = f32x4.extract_lane(even, 0) + f32x4.extract_lane(even, 1);
  let sum: f32 = first + (f32x4.extract_lane(even, 2) + f32x4.extract_lane(even, 3));
  for (let i = full; i < end; i += 4) sum += load<f32>(a + i) * load<f32>(b + i);
  return sum;
}

function addScaled(factor: f32, x: usize, to: usize, n: i32): void {
  const full = (<usize>(n & ~3)) << 2;
  const end = (<usize>n) << 2;
  const factors = f32x4.splat(factor);
  for (let i: usize = 0; i < full; i += 16) {
    v128.store(to + i, f32x4.add(v128.load(to + i), f32x4.mul(factors, v128.load(x + i))));
  }
  for (let i = full; i < end; i += 4) store<f32>(to + i, load<f32>(to + i) + factor * load<f32>(x + i));
}
