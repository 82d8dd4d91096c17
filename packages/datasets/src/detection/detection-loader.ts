import { checkArgument, Random } from '@covpool/base';
import { rle } from '@covpool/masks';
import { colorJitter } from '../color-jitter.ts';
import { flipHorizontally, flipVertically } from '../flip.ts';
import { createNormalizer } from '../normalize.ts';
import type { Rgb } from '../normalize.ts';
import { prefetched } from '../prefetched.ts';
import { resize } from '../resize.ts';
import { batchOrder } from './batch-order.ts';
import type { DetectionDataset } from './detection-dataset.ts';
import { placeBox, placeMask } from './placement.ts';
import type { Placement } from './placement.ts';
import { paddedSize, scaledSize } from './scaled-size.ts';
import type { ScaleLimits, Size } from './scaled-size.ts';

/** What is to be found on one picture of a batch, in pixels of the network's input. */
export interface DetectionTargets {
  /** `[n,4]`: x1, y1, x2, y2. */
  boxes: Float32Array;
  labels: Int32Array;
  /** For each object a byte of 0 or 1 per pixel of the scaled picture, row by row; absent without masks. */
  masks?: Uint8Array[];
}

/** Pictures for one step, or for one shard of it. */
export interface DetectionShard {
  /** float32 `[count, height, width, 3]`; each picture stands in the upper left corner, zeros beside and below it. */
  images: Float32Array<ArrayBuffer>;
  shape: [count: number, height: number, width: number, channels: 3];
  /** The scaled pictures' sizes within `shape`, and their own. */
  sizes: { width: number; height: number; originalWidth: number; originalHeight: number }[];
  targets: DetectionTargets[];
  /** The pictures' indices in the dataset. */
  indices: Int32Array<ArrayBuffer>;
  count: number;
}

export interface ShardedDetectionBatch {
  /** The batch's place in the epoch. */
  index: number;
  /** Pictures of the whole batch. */
  count: number;
  shards: number;
  /** This rank's part, ascending by shard. */
  own: { shard: number; batch: DetectionShard }[];
}

export interface DetectionLoaderOptions {
  batchSize: number;
  /** How large pictures become; see `scaledSize`. */
  size: ScaleLimits;
  /** `size` times a factor drawn from U(least, most) for each batch, so that objects are learnt in several sizes. */
  scales?: readonly [least: number, most: number];
  /** Batches are padded to a multiple of this. */
  divisor?: number;
  /** Mirror each picture with probability 0.5, left to right and, for `both`, top to bottom as well. */
  flips?: 'none' | 'horizontal' | 'both';
  /** Strength of random brightness, contrast and saturation; see `colorJitter`. */
  jitter?: number;
  /** On the scale where white is 1; see `normalize`. */
  mean?: Rgb;
  std?: Rgb;
  /** A new order every epoch, a function of (seed, epoch). */
  shuffle?: boolean;
  seed?: number;
  /** How many batches are prepared ahead of the one that is being used. */
  prefetch?: number;
}

export interface DetectionLoader {
  /** Batches in an epoch. */
  readonly batches: number;
  /** The batches of an epoch, from batch `start` on, each cut into `shards` parts, of which those in `own` are made. */
  epoch(
    epoch: number,
    options?: { shards?: number; own?: readonly number[]; start?: number },
  ): AsyncIterableIterator<ShardedDetectionBatch>;
}

/**
 * Cuts a detection data set into batches: pictures scaled to fit, mirrored, normalised, padded with zeros at the right and below to the
 * largest of the batch and a multiple of `divisor`; wide and high pictures never share a batch (see `batchOrder`). A
 * picture's mirroring and colours are a function of (seed, epoch, index) alone, a batch's scale of its place in the epoch. While one batch is used, the next ones are prepared.
 *
 * @throws `bad-argument` for options out of range and an empty data set; errors of reading surface at the batch that needs the picture.
 *
 * @example
 * const loader = createDetectionLoader(train, { batchSize: 4, size: { long: 320, short: 240 }, flips: 'both', shuffle: true });
 * for await (const { own } of loader.epoch(0)) step(own[0].batch);
 */
export function createDetectionLoader(dataset: DetectionDataset, options: DetectionLoaderOptions): DetectionLoader {
  const { batchSize, size, divisor = 32, flips = 'none', shuffle = false, seed = 0, prefetch = 2 } = options;
  const { scales: [least, most] = [1, 1], jitter = 0 } = options;
  const who = 'createDetectionLoader';
  const whole = (name: string, value: number, least: number) =>
    checkArgument(
      Number.isInteger(value) && value >= least,
      () => `${who}: ${name} must be a whole number from ${least} up, got ${value}`,
    );
  whole('batchSize', batchSize, 1);
  whole('prefetch', prefetch, 0);
  checkArgument(dataset.length > 0, () => `${who}: at least one picture with objects is required, got none`);
  checkArgument(
    ['none', 'horizontal', 'both'].includes(flips),
    () => `${who}: flips must be none, horizontal or both, got '${flips}'`,
  );
  checkArgument(
    least > 0 && most >= least && most < Infinity,
    () => `${who}: scales must be two positive numbers, the smaller first, got ${least} and ${most}`,
  );
  checkArgument(jitter >= 0 && jitter <= 1, () => `${who}: jitter must be in [0, 1], got ${jitter}`);
  const normalizer = createNormalizer(options.mean, options.std);
  const wide = Array.from({ length: dataset.length }, (_, index) => {
    const { width, height } = dataset.picture(index);
    return width > height;
  });
  const sizeOf = (index: number, scale: number): Size => {
    const { width, height } = dataset.picture(index);
    return scaledSize(width, height, { long: size.long * scale, short: size.short * scale });
  };
  // Tells of limits that no picture can have before the first is read.
  sizeOf(0, 1);
  const orderOf = (epoch: number) => batchOrder(wide, { batchSize, epoch, seed, shuffle });
  const batches = orderOf(0).length;

  const scaleOf = (epoch: number, batch: number) =>
    least === most ? least : new Random(seed, 'scale', epoch, batch).uniform(least, most);

  function place(epoch: number, index: number, to: Size): Placement {
    const random = new Random(seed, 'augment', epoch, index);
    const flipX = flips !== 'none' && random.uniform() < 0.5;
    const flipY = flips === 'both' && random.uniform() < 0.5;
    return { from: dataset.picture(index), to, flipX, flipY };
  }

  function targets(index: number, placement: Placement): DetectionTargets {
    const placed = dataset
      .objects(index)
      .map((object) => ({ object, box: placeBox(object.box, placement).map(Math.fround) }));
    // What only just touches the picture may have no area left in single precision.
    const left = placed.filter(({ box }) => box[2]! > box[0]! && box[3]! > box[1]!);
    return {
      boxes: Float32Array.from(left.flatMap(({ box }) => box)),
      labels: Int32Array.from(left, ({ object }) => object.label),
      ...(dataset.masks
        ? { masks: left.map(({ object }) => placeMask(rle.decode(dataset.mask(index, object)), placement)) }
        : {}),
    };
  }

  async function load(epoch: number, indices: number[], scale: number, padded: Size): Promise<DetectionShard> {
    const count = indices.length;
    const area = padded.width * padded.height * 3;
    const images = new Float32Array(area * count);
    const placements = indices.map((index) => place(epoch, index, sizeOf(index, scale)));
    const pictures = await Promise.allSettled(indices.map((index) => dataset.read(index)));
    for (const [i, result] of pictures.entries()) {
      if (result.status === 'rejected') throw result.reason;
      const { to, flipX, flipY } = placements[i]!;
      let picture = resize(result.value, to.width, to.height);
      if (flipX) picture = flipHorizontally(picture);
      if (flipY) picture = flipVertically(picture);
      if (jitter > 0) {
        const random = new Random(seed, 'colours', epoch, indices[i]!);
        picture = colorJitter(picture, random, { brightness: jitter, contrast: jitter, saturation: jitter });
      }
      const row = to.width * 3;
      for (let y = 0; y < to.height; y++) {
        const line = { width: to.width, height: 1, data: picture.data.subarray(y * row, (y + 1) * row) };
        normalizer(line, images, i * area + y * padded.width * 3);
      }
    }
    return {
      images,
      shape: [count, padded.height, padded.width, 3],
      sizes: placements.map(({ from, to }) => {
        return { width: to.width, height: to.height, originalWidth: from.width, originalHeight: from.height };
      }),
      targets: indices.map((index, i) => targets(index, placements[i]!)),
      indices: Int32Array.from(indices),
      count,
    };
  }

  return {
    batches,
    epoch(epoch, { shards = 1, own = [0], start = 0 } = {}) {
      whole('epoch', epoch, 0);
      whole('start', start, 0);
      whole('shards', shards, 1);
      const order = orderOf(epoch);
      return prefetched(start, batches, prefetch, async (index) => {
        const all = order[index]!;
        const part = Math.ceil(all.length / shards);
        const filled = Math.ceil(all.length / part);
        const scale = scaleOf(epoch, index);
        const sizes = all.map((picture) => sizeOf(picture, scale));
        const largest = {
          width: Math.max(...sizes.map(({ width }) => width)),
          height: Math.max(...sizes.map(({ height }) => height)),
        };
        const padded = paddedSize(largest, divisor);
        const mine: ShardedDetectionBatch['own'] = [];
        for (const shard of own.filter((one) => one < filled).sort((a, b) => a - b)) {
          const indices = all.slice(shard * part, (shard + 1) * part);
          mine.push({ shard, batch: await load(epoch, indices, scale, padded) });
        }
        return { index, count: all.length, shards: filled, own: mine };
      });
    },
  };
}
