import { checkArgument } from '@covpool/base';

/** An 8-bit RGB picture: `data[(y * width + x) * 3 + channel]`, rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Throws `bad-argument` unless the sides are whole and positive and the data has `width * height * 3` bytes. */
export function checkPicture(who: string, { width, height, data }: Picture): void {
  checkSize(who, width, height);
  checkArgument(
    data.length === width * height * 3,
    () => `${who}: a ${width}x${height} picture needs ${width * height * 3} bytes of RGB, got ${data.length}`,
  );
}

export function checkSize(who: string, width: number, height: number): void {
  checkArgument(
    Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0,
    () => `${who}: width and height must be positive whole numbers, got ${width}x${height}`,
  );
}
