import type { Picture } from '../picture.ts';

/** A picture as it stands in a golden file: RGB rows in base64. */
export interface GoldenPicture {
  width: number;
  height: number;
  data: string;
}

export function fromGolden({ width, height, data }: GoldenPicture): Picture {
  return { width, height, data: new Uint8Array(Buffer.from(data, 'base64')) };
}
