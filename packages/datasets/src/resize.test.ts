import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromGolden, readGolden } from './goldens/read-golden.fixture.ts';
import type { GoldenPicture } from './goldens/read-golden.fixture.ts';
import type { Picture } from './picture.ts';
import { resize } from './resize.ts';
import type { ResizeOptions } from './resize.ts';
import { resizeKernels } from './resize-filters.ts';
import type { ResizeFilter } from './resize-filters.ts';

interface Golden {
  source: GoldenPicture;
  cases: (GoldenPicture & { filter: ResizeFilter; box: ResizeOptions['box'] | null })[];
}

const golden = readGolden<Golden>('resize');
const source = fromGolden(golden.source);
const filters = Object.keys(resizeKernels) as ResizeFilter[];

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data): Picture => ({ width, height, data })),
  );
const sides = fc.integer({ min: 1, max: 20 });

function transpose({ width, height, data }: Picture): Picture {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) turned[(x * height + y) * 3 + c] = data[(y * width + x) * 3 + c]!;
  return { width: height, height: width, data: turned };
}

describe('resize: values', () => {
  it.each(golden.cases.map((c) => ({ ...c, title: `${c.filter} to ${c.width}x${c.height}, box ${c.box}` })))(
    'is PIL to the bit: $title',
    ({ width, height, filter, box, data }) => {
      const result = resize(source, width, height, { filter, box: box ?? undefined });
      expect(Buffer.from(result.data).toString('base64')).toBe(data);
    },
  );

  it('averages with the box filter', () => {
    const picture = { width: 2, height: 2, data: Uint8Array.from([0, 10, 20, 4, 10, 20, 8, 10, 21, 12, 10, 21]) };
    expect([...resize(picture, 1, 1, { filter: 'box' }).data]).toEqual([6, 10, 21]);
  });
});

describe('resize: properties', () => {
  it('keeps a flat picture flat', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), sides, sides, fc.constantFrom(...filters), (v, w, h, filter) => {
        const flat = { width: 7, height: 5, data: new Uint8Array(7 * 5 * 3).fill(v) };
        expect(new Set(resize(flat, w, h, { filter }).data)).toEqual(new Set([v]));
      }),
    );
  });

  it('stays within the range of the source for filters without negative lobes', () => {
    fc.assert(
      fc.property(pictures, sides, sides, fc.constantFrom('box' as const, 'bilinear' as const), (p, w, h, filter) => {
        const { data } = resize(p, w, h, { filter });
        expect(Math.min(...data)).toBeGreaterThanOrEqual(Math.min(...p.data));
        expect(Math.max(...data)).toBeLessThanOrEqual(Math.max(...p.data));
      }),
    );
  });

  it('scales along one side as along the other', () => {
    fc.assert(
      fc.property(pictures, sides, fc.constantFrom(...filters), (p, side, filter) => {
        expect(transpose(resize(p, side, p.height, { filter }))).toEqual(
          resize(transpose(p), p.height, side, { filter }),
        );
      }),
    );
  });

  it('gives a copy where nothing changes', () => {
    const same = resize(source, source.width, source.height);
    expect(same).toEqual(source);
    same.data[0]! ^= 255;
    expect(same.data[0]).not.toBe(source.data[0]);
  });
});

describe('resize: rejects', () => {
  it.each<[string, () => unknown, string]>([
    ['a size of zero', () => resize(source, 0, 4), 'resize: width and height must be positive whole numbers, got 0x4'],
    [
      'half a pixel',
      () => resize(source, 4, 1.5),
      'resize: width and height must be positive whole numbers, got 4x1.5',
    ],
    [
      'an unknown filter',
      () => resize(source, 4, 4, { filter: 'nearest' as never }),
      "resize: unknown filter 'nearest'; known: bicubic, bilinear, box, lanczos",
    ],
    [
      'a box outside',
      () => resize(source, 4, 4, { box: [0, 0, 24, 4] }),
      'resize: box [x0, y0, x1, y1] must lie within 23x17 and not be empty, got [0,0,24,4]',
    ],
    ['an empty box', () => resize(source, 4, 4, { box: [3, 0, 3, 4] }), 'not be empty, got [3,0,3,4]'],
    ['a box that is no number', () => resize(source, 4, 4, { box: [NaN, 0, 3, 4] }), 'got [NaN,0,3,4]'],
    [
      'data of another length',
      () => resize({ width: 2, height: 2, data: new Uint8Array(4) }, 1, 1),
      'resize: a 2x2 picture needs 12 bytes of RGB, got 4',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
