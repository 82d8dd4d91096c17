import { describe, expect, it } from 'vitest';
import { bytesOf, readSample, sample, textOf } from './coco.fixture.ts';
import { readCoco } from './read-coco.ts';

describe('readCoco: values', () => {
  it('keeps what is needed of pictures, objects and categories', async () => {
    const { images, annotations, categories } = await readSample();
    expect(images[0]).toEqual({ id: 7, file_name: 'a.png', width: 60, height: 40 });
    expect(categories).toEqual([
      { id: 90, name: 'toothbrush' },
      { id: 2, name: '2' },
    ]);
    expect(annotations.map(({ iscrowd }) => iscrowd)).toEqual([0, 0, 1]);
    expect(annotations.map(({ segmentation }) => segmentation)).toEqual(
      sample.annotations.map(({ segmentation }) => segmentation),
    );
  });

  it('computes a missing area, and leaves masks out on demand', async () => {
    const bare = [{ id: 1, image_id: 7, category_id: 2, bbox: [1, 2, 3, 4], segmentation: null }];
    expect((await readSample(bare)).annotations).toEqual([
      { id: 1, image_id: 7, category_id: 2, bbox: [1, 2, 3, 4], area: 12, iscrowd: 0 },
    ]);
    expect((await readSample(sample.annotations, false)).annotations[0]).not.toHaveProperty('segmentation');
  });

  it('reads more entries than fit into a chunk', async () => {
    const annotations = Array.from({ length: 5000 }, (_, i) => ({ ...sample.annotations[0], id: i }));
    const bytes = new TextEncoder().encode(textOf({ annotations }));
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
    }
    const file = await readCoco(chunks());
    expect(file.annotations.map(({ id }) => id)).toEqual(annotations.map(({ id }) => id));
  });
});

describe('readCoco: rejects', () => {
  const [good] = sample.annotations;
  it.each([
    [{ bbox: undefined }, /^x\.json: annotation 1 \(picture 7\): bbox must be four finite numbers .*, got nothing$/],
    [{ bbox: [1, 2, 3] }, /annotation 1 \(picture 7\): bbox must be four/],
    [{ bbox: [1, 2, 3, null] }, /annotation 1 \(picture 7\): bbox must be four/],
    [{ area: 'large' }, /annotation 1 \(picture 7\): area must be a finite number, got large/],
    [{ image_id: '7' }, /annotation 1 \(picture 7\): image_id must be a whole number/],
    [{ category_id: 1.5 }, /annotation 1 \(picture 7\): category_id must be a whole number, got 1.5/],
    [{ id: undefined }, /annotation nothing \(picture 7\): id must be a whole number/],
  ])('annotations with %o', async (change, message) => {
    await expect(readSample([{ ...good, ...change }])).rejects.toThrow(message);
  });

  it('ids that occur twice', async () => {
    await expect(readSample([good!, good!])).rejects.toThrow(
      'annotation 1 (picture 7): ids must occur once, got 1 again',
    );
    const read = (changes: Parameters<typeof textOf>[0]) => readCoco(bytesOf(textOf(changes)), { name: 'x.json' });
    await expect(read({ images: [sample.images[0], sample.images[0]] })).rejects.toThrow('x.json: picture 7: ids must');
    await expect(read({ categories: [{ id: 2 }, { id: 2 }] })).rejects.toThrow(
      'x.json: category 2: ids must occur once',
    );
  });

  it('pictures without a name or a size, and lists that are missing', async () => {
    const read = (changes: Parameters<typeof textOf>[0]) => readCoco(bytesOf(textOf(changes)), { name: 'x.json' });
    const [picture] = sample.images;
    await expect(read({ images: [{ ...picture, file_name: '' }] })).rejects.toThrow(
      'picture 7: file_name must be a path',
    );
    await expect(read({ images: [{ ...picture, width: 0 }] })).rejects.toThrow('picture 7: width and height must be');
    await expect(read({ images: [null] })).rejects.toThrow('picture at 0: an object is required, got null');
    await expect(read({ annotations: undefined })).rejects.toThrow("got only images, categories; add 'annotations'");
  });
});
