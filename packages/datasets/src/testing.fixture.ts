import type { Dataset } from './dataset.ts';
import type { Picture } from './picture.ts';

/** A picture whose every pixel says where it is: red = x, green = y, blue = `mark`. */
export function mapPicture(width: number, height: number, mark = 0): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([x, y, mark], (y * width + x) * 3);
  return { width, height, data };
}

/** The pixel at (x, y). */
export function pixel({ width, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

/** A data set of map pictures, marked by their index; `read` counts. */
export function mapDataset(length: number, side = 8): Dataset & { reads: number[] } {
  const reads: number[] = [];
  return {
    classes: ['a', 'b', 'c'],
    length,
    reads,
    label: (index) => index % 3,
    name: (index) => `sample ${index}`,
    async read(index) {
      reads.push(index);
      return mapPicture(side, side, index);
    },
  };
}
