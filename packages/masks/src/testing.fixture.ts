import * as fc from 'fast-check';

/** Pixels of pictures up to 8×8, none, few or all of them set. */
export const masks = fc
  .record({ height: fc.integer({ min: 0, max: 8 }), width: fc.integer({ min: 0, max: 8 }) })
  .chain(({ height, width }) => sameSize(height, width));

/** Two masks of one size. */
export const pairs = fc
  .record({ height: fc.integer({ min: 1, max: 8 }), width: fc.integer({ min: 1, max: 8 }) })
  .chain(({ height, width }) => fc.tuple(sameSize(height, width), sameSize(height, width)));

function sameSize(height: number, width: number) {
  const length = height * width;
  return fc
    .array(fc.integer({ min: 0, max: 1 }), { minLength: length, maxLength: length })
    .map((values) => ({ pixels: Uint8Array.from(values), height, width }));
}
