import { checkArgument } from '@covpool/base';
import { concat, reverse, type Tensor, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * The eight symmetries of the square. `r` turns by 90° clockwise, `f` flips upside down; a word is a composition of maps, its
 * rightmost letter acting first, so `r2f` flips left and right and `rf` transposes.
 */
export const d4Elements = ['e', 'r', 'r2', 'r3', 'f', 'rf', 'r2f', 'r3f'] as const;

export type D4Element = (typeof d4Elements)[number];

/** Each one as a reversal of axes, followed by a transposition of height and width. */
const maps: Record<D4Element, { reversed: number[]; transposed: boolean }> = {
  e: { reversed: [], transposed: false },
  r: { reversed: [1], transposed: true },
  r2: { reversed: [1, 2], transposed: false },
  r3: { reversed: [2], transposed: true },
  f: { reversed: [1], transposed: false },
  rf: { reversed: [], transposed: true },
  r2f: { reversed: [2], transposed: false },
  r3f: { reversed: [1, 2], transposed: true },
};

/** The element that acts as `g` after `h`: the group's table, with `f r = r⁻¹ f`. */
export function d4Compose(g: D4Element, h: D4Element): D4Element {
  const [turns, flips] = [d4Elements.indexOf(g) % 4, d4Elements.indexOf(g) >> 2];
  const [innerTurns, innerFlips] = [d4Elements.indexOf(h) % 4, d4Elements.indexOf(h) >> 2];
  const sum = flips === 1 ? turns - innerTurns + 4 : turns + innerTurns;
  return d4Elements[(sum % 4) + 4 * (flips ^ innerFlips)]!;
}

/**
 * Pictures or feature maps, turned and flipped by one symmetry of the square. The gradient is moved by its inverse.
 *
 * @param x [B,H,W,C]; transposing symmetries swap H and W
 */
export function d4Transform(x: Tensor4D, element: D4Element): Tensor4D {
  checkArgument(x.rank === 4, () => `d4Transform: pictures must be [B,H,W,C], got [${x.shape}]`);
  checkArgument(
    element in maps,
    () => `d4Transform: the element must be one of ${d4Elements.join(', ')}, got '${String(element)}'`,
  );
  const { reversed, transposed } = maps[element];
  return tidy(() => {
    const turned: Tensor = reversed.length === 0 ? x : reverse(x, reversed);
    return (transposed ? transpose(turned, [0, 2, 1, 3]) : turned.clone()) as Tensor4D;
  });
}

/**
 * All eight symmetries of square pictures: first every picture as it is, then every picture turned by `r`, … in the order of
 * `d4Elements`. What averages, or takes the maximum, over the copies of a picture does not change when the picture is turned or
 * flipped, because that permutes the copies.
 *
 * @param x [B,S,S,C]
 * @returns [8B,S,S,C]; copy g of picture b is number g·B + b
 */
export function d4Transforms(x: Tensor4D): Tensor4D {
  checkArgument(
    x.rank === 4 && x.shape[1] === x.shape[2],
    () => `d4Transforms: pictures must be square, [B,S,S,C], got [${x.shape}]`,
  );
  return tidy(() =>
    concat(
      d4Elements.map((element) => d4Transform(x, element)),
      0,
    ),
  );
}
