import { checkArgument, CovpoolError, Random } from '@covpool/base';
import { createNormalizer } from './normalize.ts';
import type { Rgb } from './normalize.ts';
import type { Picture } from './picture.ts';
import { createTransform } from './transforms.ts';
import type { TransformSpec } from './transforms.ts';

/** What a sample is made with, apart from the pictures: plain data. */
export interface SampleRecipe {
  transforms?: readonly TransformSpec[];
  /** Subtracted from the values in 0..1; default 0. */
  mean?: Rgb;
  /** Divided by afterwards; default 1. */
  std?: Rgb;
  seed?: number;
}

/** Network inputs of some samples, one after the other: `[n, height, width, 3]`. */
export interface Samples {
  images: Float32Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** Reads, transforms and normalises samples. What comes out depends on the recipe, the epoch and the indices alone. */
export interface SampleMaker {
  make(epoch: number, indices: readonly number[]): Promise<Samples>;
  close(): Promise<void>;
}

/** Fails unless all pictures of a batch have one size, which the first one sets. */
export function checkSameSize(first: { width: number; height: number }, next: { width: number; height: number }): void {
  checkArgument(
    first.width === next.width && first.height === next.height,
    () =>
      `createLoader: the pictures of a batch must have one size, got ${first.width}x${first.height} and ` +
      `${next.width}x${next.height}; add a transform such as { name: 'center-crop', size: 64 }`,
  );
}

/** Makes samples in the calling thread. The stream of each is a function of (seed, epoch, index). */
export function createSampleMaker(read: (index: number) => Promise<Picture>, recipe: SampleRecipe): SampleMaker {
  const { transforms = [], mean, std, seed = 0 } = recipe;
  const transform = createTransform(transforms);
  const normalizer = createNormalizer(mean, std);

  async function picture(epoch: number, index: number): Promise<Picture> {
    return transform(await read(index), new Random(seed, 'augment', epoch, index));
  }

  return {
    async make(epoch, indices) {
      const settled = await Promise.allSettled(indices.map((index) => picture(epoch, index)));
      const failed = settled.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      const pictures = settled.map((result) => (result as PromiseFulfilledResult<Picture>).value);
      const first = pictures[0];
      if (!first) throw new CovpoolError('bad-argument', 'createLoader: at least one sample is required, got none');
      const size = first.data.length;
      const images = new Float32Array(size * pictures.length);
      for (const [i, next] of pictures.entries()) {
        checkSameSize(first, next);
        normalizer(next, images, i * size);
      }
      return { images, width: first.width, height: first.height };
    },
    async close() {},
  };
}
