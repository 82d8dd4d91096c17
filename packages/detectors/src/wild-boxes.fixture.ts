import { array, constantFrom, double, integer, oneof, tuple, type Arbitrary } from 'fast-check';

/** Boxes as networks make them: in the picture, outside, empty, with an end before the start, huge, not finite. */
export const wildBoxes = (most = 12): Arbitrary<Float32Array> =>
  array(
    oneof(
      { weight: 6, arbitrary: tuple(integer({ min: -20, max: 60 }), integer({ min: -20, max: 60 }), side, side) },
      { weight: 1, arbitrary: tuple(extreme, extreme, extreme, extreme) },
    ),
    { maxLength: most },
  ).map((boxes) => Float32Array.from(boxes.flatMap(([x, y, w, h]) => [x, y, x + w, y + h])));

/** Boxes with corners in order, with sides of 1 to 50. */
export const tidyBoxes = (most = 12, fewest = 0): Arbitrary<Float32Array> =>
  array(tuple(place, place, length, length), { maxLength: most, minLength: fewest }).map((boxes) =>
    Float32Array.from(boxes.flatMap(([x, y, w, h]) => [x, y, x + w, y + h])),
  );

const side = integer({ min: -5, max: 50 });
const extreme = constantFrom(0, 1e9, -1e9, 1e30, Infinity, -Infinity, NaN);
const place = double({ min: -20, max: 60, noNaN: true });
const length = double({ min: 1, max: 50, noNaN: true });
