// Rows per block: what is summed in registers before it is added to the totals in memory.
const BLOCK: i32 = 64;

/** Bytes of scratch that `batchNormForward` and `batchNormGradient` need: float64 totals, float32 coefficients. */
export function batchNormScratch(channels: i32): usize {
  return <usize>channels * 48;
}

function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<u32>(v, v, 2, 3, 2, 3));
}

function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

function addTo(total: usize, lower: v128, upper: v128): void {
  v128.store(total, f64x2.add(v128.load(total), lower));
  v128.store(total, f64x2.add(v128.load(total, 16), upper), 16);
}

/** totals[c] += Σ over rows of (x[row,c] − shift[c])^power, power 1 or 2, in float64; a null shift is zero. */
function accumulate(x: usize, rows: i32, channels: i32, shift: usize, square: i32, totals: usize): void {
  const pixel = (<usize>channels) << 2;
  for (let row = 0; row < rows; row += BLOCK) {
    const end = min(BLOCK, rows - row);
    const base = x + <usize>row * pixel;
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const total = totals + ((<usize>c) << 3);
      const m0 = shift ? v128.load(shift + ((<usize>c) << 3)) : f64x2.splat(0);
      const m1 = shift ? v128.load(shift + ((<usize>c) << 3), 16) : f64x2.splat(0);
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let from = base + ((<usize>c) << 2);
      if (square) {
        for (let i = 0; i < end; ++i) {
          const v = v128.load(from);
          const d0 = f64x2.sub(low(v), m0);
          const d1 = f64x2.sub(high(v), m1);
          s0 = f64x2.add(s0, f64x2.mul(d0, d0));
          s1 = f64x2.add(s1, f64x2.mul(d1, d1));
          from += pixel;
        }
      } else {
        for (let i = 0; i < end; ++i) {
          const v = v128.load(from);
          s0 = f64x2.add(s0, low(v));
          s1 = f64x2.add(s1, high(v));
          from += pixel;
        }
      }
      addTo(total, s0, s1);
    }
    for (; c < channels; ++c) {
      const m = shift ? load<f64>(shift + ((<usize>c) << 3)) : 0;
      let sum: f64 = 0;
      let from = base + ((<usize>c) << 2);
      for (let i = 0; i < end; ++i) {
        const d = <f64>load<f32>(from) - m;
        sum += square ? d * d : d;
        from += pixel;
      }
      const total = totals + ((<usize>c) << 3);
      store<f64>(total, load<f64>(total) + sum);
    }
  }
}

// Channels of a row up to which a block of rows stays in the nearest cache, so that four channels at a time run down it.
const NARROW: i32 = 64;

/** y = (x − coarse − fine)·factor + offset: a mean in two float32 parts, so that one far above the deviation costs no precision. */
function normalise(
  x: usize,
  coarse: usize,
  fine: usize,
  factor: usize,
  offset: usize,
  y: usize,
  rows: i32,
  channels: i32,
): void {
  if (channels <= NARROW) normaliseBlocks(x, coarse, fine, factor, offset, y, rows, channels);
  else normaliseRows(x, coarse, fine, factor, offset, y, rows, channels);
}

function normaliseBlocks(
  x: usize,
  coarse: usize,
  fine: usize,
  factor: usize,
  offset: usize,
  y: usize,
  rows: i32,
  channels: i32,
): void {
  const pixel = (<usize>channels) << 2;
  for (let row = 0; row < rows; row += BLOCK) {
    const end = min(BLOCK, rows - row);
    const base = <usize>row * pixel;
    let c: usize = 0;
    for (; c + 16 <= pixel; c += 16) {
      const m = v128.load(coarse + c);
      const r = v128.load(fine + c);
      const f = v128.load(factor + c);
      const o = v128.load(offset + c);
      let at = base + c;
      for (let i = 0; i < end; ++i) {
        v128.store(y + at, f32x4.add(f32x4.mul(f32x4.sub(f32x4.sub(v128.load(x + at), m), r), f), o));
        at += pixel;
      }
    }
    for (; c < pixel; c += 4) {
      let at = base + c;
      for (let i = 0; i < end; ++i) {
        const centred = load<f32>(x + at) - load<f32>(coarse + c) - load<f32>(fine + c);
        store<f32>(y + at, centred * load<f32>(factor + c) + load<f32>(offset + c));
        at += pixel;
      }
    }
  }
}

/** Row by row, as they lie in memory: the same channels of wide rows, some power of 2 apart, share few lines of a cache. */
function normaliseRows(
  x: usize,
  coarse: usize,
  fine: usize,
  factor: usize,
  offset: usize,
  y: usize,
  rows: i32,
  channels: i32,
): void {
  const pixel = (<usize>channels) << 2;
  for (let row = 0; row < rows; ++row) {
    const from = x + <usize>row * pixel;
    const to = y + <usize>row * pixel;
    let c: usize = 0;
    for (; c + 16 <= pixel; c += 16) {
      const centred = f32x4.sub(f32x4.sub(v128.load(from + c), v128.load(coarse + c)), v128.load(fine + c));
      v128.store(to + c, f32x4.add(f32x4.mul(centred, v128.load(factor + c)), v128.load(offset + c)));
    }
    for (; c < pixel; c += 4) {
      const centred = load<f32>(from + c) - load<f32>(coarse + c) - load<f32>(fine + c);
      store<f32>(to + c, centred * load<f32>(factor + c) + load<f32>(offset + c));
    }
  }
}

/**
 * y = (x − mean) · scale / √(variance + epsilon) + offset for x [rows, channels], with the biased variance: two
 * passes in float64, then that of `normalise`.
 */
export function batchNormForward(
  x: usize,
  scale: usize,
  offset: usize,
  y: usize,
  mean: usize,
  variance: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const means = scratch;
  const squares = means + ((<usize>channels) << 3);
  memory.fill(scratch, 0, (<usize>channels) << 4);
  accumulate(x, rows, channels, 0, 0, means);
  for (let c: usize = 0; c < <usize>channels; ++c)
    store<f64>(means + (c << 3), load<f64>(means + (c << 3)) / <f64>rows);
  accumulate(x, rows, channels, means, 1, squares);

  const coarse = squares + ((<usize>channels) << 3);
  const fine = coarse + ((<usize>channels) << 2);
  const factor = fine + ((<usize>channels) << 2);
  for (let c: usize = 0; c < <usize>channels; ++c) {
    const m = load<f64>(means + (c << 3));
    const v = load<f64>(squares + (c << 3)) / <f64>rows;
    store<f32>(mean + (c << 2), <f32>m);
    store<f32>(variance + (c << 2), <f32>v);
    store<f32>(coarse + (c << 2), <f32>m);
    store<f32>(fine + (c << 2), <f32>(m - <f64>(<f32>m)));
    store<f32>(factor + (c << 2), <f32>(<f64>load<f32>(scale + (c << 2)) / Math.sqrt(v + epsilon)));
  }
  normalise(x, coarse, fine, factor, offset, y, rows, channels);
}

/** y = (x − mean) · scale / √(variance + epsilon) + offset for x [rows, channels]: one pass. */
export function batchNormByGiven(
  x: usize,
  scale: usize,
  offset: usize,
  mean: usize,
  variance: usize,
  y: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const fine = scratch;
  const factor = scratch + bytes;
  memory.fill(fine, 0, bytes);
  for (let c: usize = 0; c < bytes; c += 4) {
    const deviation = Math.sqrt(<f64>load<f32>(variance + c) + epsilon);
    store<f32>(factor + c, <f32>(<f64>load<f32>(scale + c) / deviation));
  }
  normalise(x, mean, fine, factor, offset, y, rows, channels);
}

/** Totals in float64 of dy, dy·(x − mean) and x − mean; the last recovers what rounding took from the mean. */
function accumulateGradient(dy: usize, x: usize, mean: usize, rows: i32, channels: i32, totals: usize): void {
  const pixel = (<usize>channels) << 2;
  const second = (<usize>channels) << 3;
  const third = second << 1;
  for (let row = 0; row < rows; row += BLOCK) {
    const end = min(BLOCK, rows - row);
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const mv = v128.load(mean + ((<usize>c) << 2));
      const m0 = low(mv);
      const m1 = high(mv);
      let s0 = f64x2.splat(0);
      let s1 = s0;
      let p0 = s0;
      let p1 = s0;
      let d0 = s0;
      let d1 = s0;
      let at = <usize>row * pixel + ((<usize>c) << 2);
      for (let i = 0; i < end; ++i) {
        const g = v128.load(dy + at);
        const v = v128.load(x + at);
        const g0 = low(g);
        const g1 = high(g);
        const v0 = f64x2.sub(low(v), m0);
        const v1 = f64x2.sub(high(v), m1);
        s0 = f64x2.add(s0, g0);
        s1 = f64x2.add(s1, g1);
        p0 = f64x2.add(p0, f64x2.mul(g0, v0));
        p1 = f64x2.add(p1, f64x2.mul(g1, v1));
        d0 = f64x2.add(d0, v0);
        d1 = f64x2.add(d1, v1);
        at += pixel;
      }
      const total = totals + ((<usize>c) << 3);
      addTo(total, s0, s1);
      addTo(total + second, p0, p1);
      addTo(total + third, d0, d1);
    }
    for (; c < channels; ++c) {
      const total = totals + ((<usize>c) << 3);
      let sum = load<f64>(total);
      let product = load<f64>(total + second);
      let rest = load<f64>(total + third);
      let at = <usize>row * pixel + ((<usize>c) << 2);
      for (let i = 0; i < end; ++i) {
        const g = <f64>load<f32>(dy + at);
        const v = <f64>load<f32>(x + at) - <f64>load<f32>(mean + ((<usize>c) << 2));
        sum += g;
        product += g * v;
        rest += v;
        at += pixel;
      }
      store<f64>(total, sum);
      store<f64>(total + second, product);
      store<f64>(total + third, rest);
    }
  }
}

/**
 * With r = 1/√(variance + epsilon), x̂ = (x − mean)·r and means over the rows:
 * dOffset = Σ dy, dScale = Σ dy·x̂, dx = scale·r·(dy − mean(dy) − x̂·mean(dy·x̂)).
 */
export function batchNormGradient(
  dy: usize,
  x: usize,
  scale: usize,
  mean: usize,
  variance: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const second = (<usize>channels) << 3;
  memory.fill(scratch, 0, 3 * second);
  accumulateGradient(dy, x, mean, rows, channels, scratch);
  const ofGradient = scratch + 3 * second;
  const ofInput = ofGradient + ((<usize>channels) << 2);
  const constant = ofInput + ((<usize>channels) << 2);
  const count = <f64>max(rows, 1);
  for (let c: usize = 0; c < <usize>channels; ++c) {
    const total = scratch + (c << 3);
    const sum = load<f64>(total);
    const residual = load<f64>(total + 2 * second) / count;
    const product = load<f64>(total + second) - residual * sum;
    const r = 1 / Math.sqrt(<f64>load<f32>(variance + (c << 2)) + epsilon);
    const factor = <f64>load<f32>(scale + (c << 2)) * r;
    const slope = (-factor * r * r * product) / count;
    store<f32>(dScale + (c << 2), <f32>(product * r));
    store<f32>(dOffset + (c << 2), <f32>sum);
    store<f32>(ofGradient + (c << 2), <f32>factor);
    store<f32>(ofInput + (c << 2), <f32>slope);
    store<f32>(constant + (c << 2), <f32>((-factor * sum) / count - slope * residual));
  }
  const pixel = (<usize>channels) << 2;
  for (let row = 0; row < rows; row += BLOCK) {
    const end = min(BLOCK, rows - row);
    const base = <usize>row * pixel;
    let c: usize = 0;
    for (; c + 16 <= pixel; c += 16) {
      const a = v128.load(ofGradient + c);
      const b = v128.load(ofInput + c);
      const k = v128.load(constant + c);
      const m = v128.load(mean + c);
      let at = base + c;
      for (let i = 0; i < end; ++i) {
        const slope = f32x4.mul(b, f32x4.sub(v128.load(x + at), m));
        v128.store(dx + at, f32x4.add(f32x4.add(f32x4.mul(a, v128.load(dy + at)), slope), k));
        at += pixel;
      }
    }
    for (; c < pixel; c += 4) {
      let at = base + c;
      for (let i = 0; i < end; ++i) {
        const slope = load<f32>(ofInput + c) * (load<f32>(x + at) - load<f32>(mean + c));
        store<f32>(dx + at, load<f32>(ofGradient + c) * load<f32>(dy + at) + slope + load<f32>(constant + c));
        at += pixel;
      }
    }
  }
}
