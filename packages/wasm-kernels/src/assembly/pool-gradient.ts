/** The taps of a window that lie inside the input, from `low` to `high` (exclusive). */
function low(at: i32, stride: i32, pad: i32): i32 {
  return max(0, pad - at * stride);
}

function high(at: i32, stride: i32, pad: i32, window: i32, size: i32): i32 {
  return min(window, size + pad - at * stride);
}

/** dx gets each window's dy where the window's first largest number stands. */
export function maxPoolGradient(
  dy: usize,
  x: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  outHeight: i32,
  outWidth: i32,
  strideH: i32,
  strideW: i32,
  top: i32,
  left: i32,
): void {
  const pixel = (<usize>channels) << 2;
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let picture = 0; picture < batch; ++picture) {
    const start = <usize>(picture * height * width) * pixel;
    for (let oh = 0; oh < outHeight; ++oh) {
      const firstRow = low(oh, strideH, top);
      const endRow = high(oh, strideH, top, windowHeight, height);
      for (let ow = 0; ow < outWidth; ++ow) {
        const firstColumn = low(ow, strideW, left);
        const endColumn = high(ow, strideW, left, windowWidth, width);
        const corner = (oh * strideH - top) * width + ow * strideW - left;
        let c: usize = 0;
        for (; c + 16 <= pixel; c += 16) {
          let largest = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let row = firstRow; row < endRow; ++row) {
            for (let column = firstColumn; column < endColumn; ++column) {
              const at = corner + row * width + column;
              const v = v128.load(x + start + <usize>at * pixel + c);
              const more = f32x4.gt(v, largest);
              largest = v128.bitselect(v, largest, more);
              where = v128.bitselect(i32x4.splat(at), where, more);
            }
          }
          const g = v128.load(dy + c);
          give(dx + start + c, i32x4.extract_lane(where, 0), pixel, f32x4.extract_lane(g, 0));
          give(dx + start + c + 4, i32x4.extract_lane(where, 1), pixel, f32x4.extract_lane(g, 1));
          give(dx + start + c + 8, i32x4.extract_lane(where, 2), pixel, f32x4.extract_lane(g, 2));
          give(dx + start + c + 12, i32x4.extract_lane(where, 3), pixel, f32x4.extract_lane(g, 3));
        }
        for (; c < pixel; c += 4) {
          let largest = -(<f32>Infinity);
          let where = -1;
          for (let row = firstRow; row < endRow; ++row) {
            for (let column = firstColumn; column < endColumn; ++column) {
              const at = corner + row * width + column;
              const v = load<f32>(x + start + <usize>at * pixel + c);
              if (v > largest) {
                largest = v;
                where = at;
              }
            }
          }
          give(dx + start + c, where, pixel, load<f32>(dy + c));
        }
        dy += pixel;
      }
    }
  }
}

function give(dx: usize, where: i32, pixel: usize, g: f32): void {
  if (where < 0) return;
  const to = dx + <usize>where * pixel;
  store<f32>(to, load<f32>(to) + g);
}

/** dx gets each window's dy, divided by how many numbers of the input the window covers, at all of them. */
export function avgPoolGradient(
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  outHeight: i32,
  outWidth: i32,
  strideH: i32,
  strideW: i32,
  top: i32,
  left: i32,
): void {
  const pixel = (<usize>channels) << 2;
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let picture = 0; picture < batch; ++picture) {
    for (let oh = 0; oh < outHeight; ++oh) {
      const firstRow = low(oh, strideH, top);
      const endRow = high(oh, strideH, top, windowHeight, height);
      for (let ow = 0; ow < outWidth; ++ow) {
        const firstColumn = low(ow, strideW, left);
        const endColumn = high(ow, strideW, left, windowWidth, width);
        const share = <f32>1 / <f32>max(1, (endRow - firstRow) * (endColumn - firstColumn));
        const corner = (picture * height + oh * strideH - top) * width + ow * strideW - left;
        for (let row = firstRow; row < endRow; ++row) {
          for (let column = firstColumn; column < endColumn; ++column) {
            const to = dx + <usize>(corner + row * width + column) * pixel;
            let c: usize = 0;
            for (; c + 16 <= pixel; c += 16) {
              const g = f32x4.mul(v128.load(dy + c), f32x4.splat(share));
              v128.store(to + c, f32x4.add(v128.load(to + c), g));
            }
            for (; c < pixel; c += 4) store<f32>(to + c, load<f32>(to + c) + load<f32>(dy + c) * share);
          }
        }
        dy += pixel;
      }
    }
  }
}
