import { describe, expect, it } from 'vitest';
import type { CocoFile } from '../coco/coco-file.ts';
import { normalize } from '../normalize.ts';
import { mapPicture } from '../testing.fixture.ts';
import { cocoDataset } from './detection-dataset.ts';
import { createDetectionLoader } from './detection-loader.ts';
import type { DetectionLoaderOptions, ShardedDetectionBatch } from './detection-loader.ts';

const wide = { width: 12, height: 8 };
const sizes = [wide, { width: 8, height: 12 }, wide, wide, { width: 6, height: 6 }, wide, { width: 12, height: 6 }];
const images = sizes.map((size, i) => ({ id: i + 1, file_name: `${i}`, ...size }));
const file: CocoFile = {
  images,
  categories: [{ id: 1, name: 'x' }],
  annotations: images.map(({ id }) => {
    return {
      id,
      image_id: id,
      category_id: 1,
      bbox: [0, 1, 3, 2],
      area: 6,
      iscrowd: 0,
      segmentation: [[0, 1, 0, 3, 3, 3, 3, 1]],
    };
  }),
};
const dataset = (masks = true) =>
  cocoDataset(file, { masks, read: async ({ width, height, id }) => mapPicture(width, height, id) });
const options: DetectionLoaderOptions = { batchSize: 2, size: { long: 12, short: 8 }, divisor: 4 };

async function all(
  change: Partial<DetectionLoaderOptions> = {},
  epoch = 0,
  rest = {},
): Promise<ShardedDetectionBatch[]> {
  const result: ShardedDetectionBatch[] = [];
  for await (const batch of createDetectionLoader(dataset(), { ...options, ...change }).epoch(epoch, rest))
    result.push(batch);
  return result;
}

describe('createDetectionLoader: values', () => {
  it('pads to the largest of the batch, and to a multiple', async () => {
    const batches = await all();
    expect(batches.map(({ own }) => own[0]!.batch.shape)).toEqual([
      [2, 12, 8, 3],
      [2, 8, 12, 3],
      [2, 8, 12, 3],
      [1, 8, 12, 3],
    ]);
    const { batch } = batches[0]!.own[0]!;
    expect(batch.sizes).toEqual([
      { width: 8, height: 12, originalWidth: 8, originalHeight: 12 },
      { width: 8, height: 8, originalWidth: 6, originalHeight: 6 },
    ]);
    expect(batch.images.subarray(0, 8 * 12 * 3)).toEqual(normalize(mapPicture(8, 12, 2)));
    // Zeros below the second, which is 8 rows high.
    expect(batch.images.subarray(8 * 12 * 3 + 8 * 8 * 3).every((value) => value === 0)).toBe(true);
    expect(batch.targets[1]!.boxes).toEqual(Float32Array.from([0, 1, 3, 2 + 1].map((v) => (v * 8) / 6)));
  });

  it('mirrors pixels, boxes and masks alike', async () => {
    let seen = 0;
    for (const { own } of await all({ flips: 'both', batchSize: 1 })) {
      const {
        images: pixels,
        shape,
        sizes: [size],
        targets: [target],
      } = own[0]!.batch;
      const [left, top] = target!.boxes as unknown as [number, number];
      // Red is x, green is y: where the box's corner is, its pixel came from one side or the other.
      const at = (Math.floor(top!) * shape[2] + Math.floor(left!)) * 3;
      const flippedX = left > 0;
      expect(pixels[at]! * 255 < size!.originalWidth / 2).toBe(true);
      seen += Number(flippedX);
      if (size!.width !== size!.originalWidth) continue; // scaled by 4/3: corners lie between pixels
      const mask = target!.masks![0]!;
      const first = mask.indexOf(1);
      expect([first % size!.width, Math.floor(first / size!.width)]).toEqual([Math.round(left), Math.round(top)]);
    }
    expect(seen).toBeGreaterThan(0);
  });

  it('leaves out what has no area in single precision', async () => {
    const [annotation] = file.annotations;
    const touching = { ...annotation!, id: 99, bbox: [12 - 1e-9, 0, 5, 5] as [number, number, number, number] };
    const odd = cocoDataset(
      { ...file, annotations: [touching, annotation!] },
      { read: async ({ width, height, id }) => mapPicture(width, height, id), limit: 1 },
    );
    expect(odd.objects(0)).toHaveLength(2);
    for await (const { own } of createDetectionLoader(odd, options).epoch(0)) {
      expect(own[0]!.batch.targets[0]).toEqual({ boxes: Float32Array.of(0, 1, 3, 3), labels: Int32Array.of(0) });
    }
  });

  it('draws a scale for each batch, and brings boxes and masks along', async () => {
    const random = { scales: [0.5, 2], seed: 3, divisor: 1 } as const;
    const [own] = await all(random);
    const factors: number[] = [];
    for (const { own: parts } of await all(random)) {
      const { sizes, targets, shape } = parts[0]!.batch;
      factors.push(sizes[0]!.height / (sizes[0]!.originalHeight === 6 ? 8 : sizes[0]!.originalHeight));
      for (const [i, { width, height, originalWidth }] of sizes.entries()) {
        const by = width / originalWidth;
        expect(targets[i]!.boxes[2]).toBeCloseTo(3 * by, 5);
        expect(targets[i]!.masks![0]).toHaveLength(width * height);
        expect([width <= shape[2], height <= shape[1]]).toEqual([true, true]);
      }
    }
    expect(new Set(factors).size).toBeGreaterThan(2);
    expect(factors.every((factor) => factor > 0.4 && factor < 2.1)).toBe(true);
    expect((await all(random))[0]).toEqual(own);
    expect((await all(random, 1))[0]).not.toEqual(own);
    // A shard of a batch has the batch's scale.
    const halves = (await all(random, 0, { shards: 2, own: [0, 1] }))[0]!.own.map(
      ({ batch }) => batch.sizes[0]!.height,
    );
    expect(halves).toEqual(own!.own[0]!.batch.sizes.map(({ height }) => height));
  });

  it('changes the colours of each picture in its own way, and what is to be found on it not', async () => {
    const plain = (await all())[0]!.own[0]!.batch;
    const changed = (await all({ jitter: 0.5 }))[0]!.own[0]!.batch;
    expect(changed.targets).toEqual(plain.targets);
    expect(changed.images).not.toEqual(plain.images);
    expect((await all({ jitter: 0.5 }))[0]!.own[0]!.batch.images).toEqual(changed.images);
    expect((await all({ jitter: 0.5 }, 1))[0]!.own[0]!.batch.images).not.toEqual(changed.images);
  });

  it('has no masks where the data set has none', async () => {
    const loader = createDetectionLoader(dataset(false), options);
    for await (const { own } of loader.epoch(0)) expect(own[0]!.batch.targets[0]).not.toHaveProperty('masks');
  });
});

describe('createDetectionLoader: properties', () => {
  const random = { shuffle: true, flips: 'both', seed: 5 } as const;

  it('gives the same epoch again, another one next, and starts anywhere', async () => {
    const whole = await all(random, 2);
    expect(await all(random, 2)).toEqual(whole);
    expect(await all({ ...random, prefetch: 0 }, 2)).toEqual(whole);
    expect(await all(random, 3)).not.toEqual(whole);
    expect(await all(random, 2, { start: 2 })).toEqual(whole.slice(2));
  });

  it('cuts batches into shards that together are the batch', async () => {
    const whole = await all(random, 1);
    const ranks = [await all(random, 1, { shards: 2, own: [0] }), await all(random, 1, { shards: 2, own: [1] })];
    whole.forEach(({ own, count }, i) => {
      const { batch } = own[0]!;
      const parts = ranks.flatMap((rank) => rank[i]!.own.map((part) => part.batch));
      expect(ranks.every((rank) => rank[i]!.count === count && rank[i]!.shards === 2)).toBe(true);
      expect(parts.flatMap(({ images: pixels }) => [...pixels])).toEqual([...batch.images]);
      expect(parts.flatMap(({ targets }) => targets)).toEqual(batch.targets);
    });
  });
});

describe('createDetectionLoader: rejects', () => {
  it.each([
    [{ batchSize: 0 }, 'createDetectionLoader: batchSize must be a whole number from 1 up, got 0'],
    [{ prefetch: -1 }, 'prefetch must be a whole number from 0'],
    [{ flips: 'up' as 'both' }, "flips must be none, horizontal or both, got 'up'"],
    [{ scales: [2, 1] as const }, 'scales must be two positive numbers, the smaller first, got 2 and 1'],
    [{ jitter: 2 }, 'jitter must be in [0, 1], got 2'],
    [{ size: { long: 0, short: 1 } }, 'long and short must be positive'],
  ])('%o', (change, message) => {
    expect(() => createDetectionLoader(dataset(), { ...options, ...change })).toThrow(message);
  });

  it('a data set without pictures', () => {
    const empty = cocoDataset({ images: [], annotations: [], categories: [] }, { read: async () => mapPicture(1, 1) });
    expect(() => createDetectionLoader(empty, options)).toThrow(
      'at least one picture with objects is required, got none',
    );
  });
});
