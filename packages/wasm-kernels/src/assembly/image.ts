/**
 * Copies one picture [height, width, channels] into a frame of frameHeight×frameWidth whose first pixel is
 * (-top, -left) of the picture; outside of it stand zeros. Negative top or left crop.
 */
export function framePicture(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  frameHeight: i32,
  frameWidth: i32,
  to: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const before = min(max(left, 0), frameWidth);
  const end = max(before, min(frameWidth, width + left));
  for (let row = 0; row < frameHeight; ++row) {
    const from = row - top;
    if (from < 0 || from >= height) {
      memory.fill(to, 0, <usize>frameWidth * pixel);
    } else {
      memory.fill(to, 0, <usize>before * pixel);
      copyWords(
        x + <usize>(from * width + before - left) * pixel,
        to + <usize>before * pixel,
        <usize>(end - before) * pixel,
      );
      memory.fill(to + <usize>end * pixel, 0, <usize>(frameWidth - end) * pixel);
    }
    to += <usize>frameWidth * pixel;
  }
}

/** The same for so many pictures, whose frames follow each other. */
export function framePictures(
  x: usize,
  count: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  frameHeight: i32,
  frameWidth: i32,
  to: usize,
): void {
  for (let i = 0; i < count; ++i) {
    framePicture(x, height, width, channels, top, left, frameHeight, frameWidth, to);
    x += (<usize>(height * width) * <usize>channels) << 2;
    to += (<usize>(frameHeight * frameWidth) * <usize>channels) << 2;
  }
}

/** Copies whole 32-bit words, by vectors: short rows are quicker so than by a call into memory.copy. */
export function copyWords(from: usize, to: usize, bytes: usize): void {
  const end = to + bytes;
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to < end; to += 4, from += 4) store<u32>(to, load<u32>(from));
}
