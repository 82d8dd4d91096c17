import { CovpoolError } from '@covpool/base';

/** A PNG file as a `data:` URI, for a page or an SVG that must stand alone. */
export function pngDataUri(png: Uint8Array): string {
  let binary = '';
  // Chunks: a call cannot take a whole file as arguments.
  for (let i = 0; i < png.length; i += 8192) binary += String.fromCharCode(...png.subarray(i, i + 8192));
  return `data:image/png;base64,${btoa(binary)}`;
}

/** The width and height in the header of a PNG file; `bad-input` if it is none. */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  if (png.length < 24 || png[0] !== 0x89 || png[1] !== 0x50 || png[2] !== 0x4e || png[3] !== 0x47) {
    throw new CovpoolError('bad-input', `pngSize: a PNG file is required, got ${png.length} bytes of something else`);
  }
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
