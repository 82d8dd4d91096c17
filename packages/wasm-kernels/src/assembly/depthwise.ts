/** The smallest output position ≥ 0 whose tap lies at or behind the first input pixel: ⌈(pad − offset) / stride⌉. */
function first(pad: i32, offset: i32, stride: i32): i32 {
  return max(0, (pad - offset + stride - 1) / stride);
}

/** One more than the last output position whose tap lies inside the input. */
function end(pad: i32, offset: i32, stride: i32, size: i32, out: i32): i32 {
  const last = size - 1 + pad - offset;
  return last < 0 ? 0 : min(out, last / stride + 1);
}

/** to[0…n) += a[0…n) · b[0…n) */
function multiplyAdd(a: usize, b: usize, to: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(to + at, f32x4.add(v128.load(to + at), f32x4.mul(v128.load(a + at), v128.load(b + at))));
  }
  for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(a + at) * load<f32>(b + at));
}

/** The same where each channel has `multiplier` filters: wide counts channels·multiplier, narrow the channels. */
function spread(narrow: usize, wide: usize, to: usize, channels: i32, multiplier: i32): void {
  for (let c = 0; c < channels; ++c) {
    const x = load<f32>(narrow);
    for (let m = 0; m < multiplier; ++m) {
      store<f32>(to, load<f32>(to) + x * load<f32>(wide));
      wide += 4;
      to += 4;
    }
    narrow += 4;
  }
}

function gather(a: usize, b: usize, to: usize, channels: i32, multiplier: i32): void {
  for (let c = 0; c < channels; ++c) {
    let sum = load<f32>(to);
    for (let m = 0; m < multiplier; ++m) {
      sum += load<f32>(a) * load<f32>(b);
      a += 4;
      b += 4;
    }
    store<f32>(to, sum);
    to += 4;
  }
}

/**
 * The gradients of y[b,oh,ow,c·m] = Σ x[b, oh·strideH − top + kh·dilationH, …, c] · filter[kh,kw,c,m]: with respect to x where
 * `ofInput`, then `to` is [batch, height, width, channels] and `other` the filter; else with respect to the filter and `other` is x.
 */
export function depthwiseGradient(
  dy: usize,
  other: usize,
  to: usize,
  ofInput: i32,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  filters: i32,
  outHeight: i32,
  outWidth: i32,
  strideH: i32,
  strideW: i32,
  dilationH: i32,
  dilationW: i32,
  top: i32,
  left: i32,
): void {
  const multiplier = filters / channels;
  const pixel = (<usize>channels) << 2;
  const dyPixel = (<usize>filters) << 2;
  memory.fill(to, 0, ofInput ? <usize>(batch * height * width) * pixel : <usize>(kernelHeight * kernelWidth) * dyPixel);
  for (let picture = 0; picture < batch; ++picture) {
    for (let kh = 0; kh < kernelHeight; ++kh) {
      const lastRow = end(top, kh * dilationH, strideH, height, outHeight);
      for (let oh = first(top, kh * dilationH, strideH); oh < lastRow; ++oh) {
        const row = picture * height + oh * strideH - top + kh * dilationH;
        for (let kw = 0; kw < kernelWidth; ++kw) {
          const firstColumn = first(left, kw * dilationW, strideW);
          const lastColumn = end(left, kw * dilationW, strideW, width, outWidth);
          const tap = <usize>(kh * kernelWidth + kw) * dyPixel;
          let g = dy + <usize>((picture * outHeight + oh) * outWidth + firstColumn) * dyPixel;
          let at = <usize>(row * width + firstColumn * strideW - left + kw * dilationW) * pixel;
          for (let ow = firstColumn; ow < lastColumn; ++ow) {
            if (ofInput) {
              if (multiplier == 1) multiplyAdd(g, other + tap, to + at, pixel);
              else gather(g, other + tap, to + at, channels, multiplier);
            } else {
              if (multiplier == 1) multiplyAdd(g, other + at, to + tap, pixel);
              else spread(other + at, g, to + tap, channels, multiplier);
            }
            g += dyPixel;
            at += <usize>strideW * pixel;
          }
        }
      }
    }
  }
}
