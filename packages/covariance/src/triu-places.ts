import { checkPositiveWhole, unknownName } from '@covpool/base';

/** Where (i, j) of the upper triangle, i ≤ j, stands in the vector. */
const placeIn = {
  rows: (i: number, j: number, d: number): number => i * d - (i * (i - 1)) / 2 + (j - i),
  columns: (i: number, j: number): number => (j * (j + 1)) / 2 + i,
};

/**
 * How the upper triangle is packed: row by row, `(0,0), (0,1), …, (0,d−1), (1,1), …`, or column by column, `(0,0), (0,1),
 * (1,1), (0,2), …`. The latter is also the lower triangle row by row.
 */
export type TriuOrder = keyof typeof placeIn;

/** @throws bad-argument for an unknown order */
export function checkOrder(who: string, order: TriuOrder): void {
  if (!Object.hasOwn(placeIn, order)) throw unknownName(who, 'order', order, Object.keys(placeIn));
}

type Places = (d: number, order: TriuOrder) => Int32Array;

/** A list of places for each side d of the matrices and order, made at its first use. */
function perSide(make: Places): Places {
  const made = { rows: new Map<number, Int32Array>(), columns: new Map<number, Int32Array>() };
  return (d, order) => {
    let places = made[order].get(d);
    if (!places) made[order].set(d, (places = make(d, order)));
    return places;
  };
}

/** Where each value of the vector stands in the flattened matrix. */
export const upperPlaces = perSide((d, order) => {
  const places = new Int32Array((d * (d + 1)) / 2);
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) places[placeIn[order](i, j, d)] = i * d + j;
  return places;
});

/** Where each value of the matrix stands in the vector; those below the diagonal in one more column, of zeros. */
export const scatterPlaces = perSide((d, order) => {
  const places = new Int32Array(d * d).fill((d * (d + 1)) / 2);
  upperPlaces(d, order).forEach((place, k) => (places[place] = k));
  return places;
});

/** The same, with mirror images below the diagonal. */
export const mirrorPlaces = perSide((d, order) =>
  Int32Array.from({ length: d * d }, (_, place) => {
    const [i, j] = [Math.floor(place / d), place % d];
    return placeIn[order](Math.min(i, j), Math.max(i, j), d);
  }),
);

/**
 * What takes a vector of one packing order to the other: value k of the new one is value `permutation[k]` of the old. So the
 * weights [d(d+1)/2,K] of a classifier that was trained on the old order are `gather(weights, permutation)` for the new.
 *
 * The default takes foreign checkpoints to ours: GSoP's lower triangles and MatConvNet's columns to rows.
 *
 * @throws bad-argument for a d that is not a positive whole number, or an unknown order
 */
export function triuPermutation(
  d: number,
  { from = 'columns', to = 'rows' }: { from?: TriuOrder; to?: TriuOrder } = {},
): Int32Array {
  checkPositiveWhole('triuPermutation', 'd', d);
  checkOrder('triuPermutation', from);
  checkOrder('triuPermutation', to);
  const places = scatterPlaces(d, from);
  return upperPlaces(d, to).map((place) => places[place]!);
}
