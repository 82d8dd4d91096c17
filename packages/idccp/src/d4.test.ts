import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { d4Compose, type D4Element, d4Elements, d4Transform, d4Transforms } from './d4.ts';

const picture = (values: number[][]): Tensor4D => tensor(values.flat(), [1, values.length, values[0]!.length, 1]);

/** Where the value at row i, column j of an S×S map comes from, by the definitions of r and f alone. */
function source(element: D4Element, side: number, i: number, j: number): [number, number] {
  const flipped = element.includes('f');
  const turns = element.startsWith('r') ? Number(element.match(/\d/)?.[0] ?? 1) : 0;
  let [row, column] = [i, j];
  // Clockwise: what was in the left column, read upwards, becomes the upper row.
  for (let k = 0; k < turns; k++) [row, column] = [side - 1 - column, row];
  return flipped ? [side - 1 - row, column] : [row, column];
}

function oracle(values: ArrayLike<number>, element: D4Element, [batch, side, , depth]: number[]): number[] {
  const moved: number[] = [];
  for (let b = 0; b < batch!; b++)
    for (let i = 0; i < side!; i++)
      for (let j = 0; j < side!; j++) {
        const [row, column] = source(element, side!, i, j);
        for (let c = 0; c < depth!; c++) moved.push(values[((b * side! + row) * side! + column) * depth! + c]!);
      }
  return moved;
}

const elements = fc.constantFrom(...d4Elements);

describeEngines('d4Transforms', () => {
  describe('values', () => {
    it.each<[D4Element, number[]]>([
      ['e', [1, 2, 3, 4]],
      ['r', [3, 1, 4, 2]],
      ['r2', [4, 3, 2, 1]],
      ['r3', [2, 4, 1, 3]],
      ['f', [3, 4, 1, 2]],
      ['rf', [1, 3, 2, 4]],
      ['r2f', [2, 1, 4, 3]],
      ['r3f', [4, 2, 3, 1]],
    ])('%s of [[1,2],[3,4]] (spec 8.1)', (element, expected) =>
      expectClose(
        d4Transform(
          picture([
            [1, 2],
            [3, 4],
          ]),
          element,
        ),
        expected,
        { relative: 0 },
      ),
    );

    it('are the eight maps, one after the other', async () => {
      const shape = [2, 3, 3, 2];
      const x = seededTensor(shape, 'd4') as Tensor4D;
      const copies = d4Transforms(x);
      expect(copies.shape).toEqual([16, 3, 3, 2]);
      const values = await x.data();
      await expectClose(
        copies,
        d4Elements.flatMap((element) => oracle(values, element, shape)),
        { relative: 0 },
      );
    });

    it('of a picture that is not square swap its sides', async () => {
      const wide = picture([[1, 2, 3]]);
      const turned = d4Transform(wide, 'r');
      expect(turned.shape).toEqual([1, 3, 1, 1]);
      await expectClose(turned, [1, 2, 3], { relative: 0 });
      await expectClose(d4Transform(wide, 'r3'), [3, 2, 1], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('form a group: compositions are those of the table (spec 8.6)', async () => {
      const x = seededTensor([1, 3, 3, 2], 'group') as Tensor4D;
      for (const g of d4Elements) {
        for (const h of d4Elements) {
          const product = d4Compose(g, h);
          expect(d4Elements).toContain(product);
          const expected = await d4Transform(x, product).data();
          await expectClose(d4Transform(d4Transform(x, h), g), expected, { relative: 0 });
        }
      }
    });

    it('are their own inverses, except r and r3 (spec 8.6)', () => {
      for (const g of d4Elements) {
        const inverse = g === 'r' ? 'r3' : g === 'r3' ? 'r' : g;
        expect(d4Compose(g, inverse)).toBe('e');
        expect(d4Compose(inverse, g)).toBe('e');
      }
    });

    it('compose associatively, with e as the unit', () => {
      fc.assert(
        fc.property(elements, elements, elements, (a, b, c) => {
          expect(d4Compose(d4Compose(a, b), c)).toBe(d4Compose(a, d4Compose(b, c)));
          expect([d4Compose('e', a), d4Compose(a, 'e')]).toEqual([a, a]);
        }),
        { seed: 8 },
      );
    });

    it('of a turned picture are the same eight, in another order', async () => {
      const x = seededTensor([1, 3, 3, 1], 'orbit') as Tensor4D;
      const copies = async (y: Tensor4D): Promise<string[]> => {
        const values = [...(await d4Transforms(y).data())];
        return d4Elements.map((_, g) => values.slice(9 * g, 9 * g + 9).join()).sort();
      };
      const expected = await copies(x);
      for (const g of d4Elements) expect(await copies(d4Transform(x, g))).toEqual(expected);
    });
  });

  describe('gradient', () => {
    it('is that of the definition', async () => {
      const shape = [1, 2, 2, 2];
      const [at, weights] = [seededValues(8, 'at'), seededValues(64, 'weights')];
      const loss = (values: number[]): number =>
        d4Elements
          .flatMap((element) => oracle(values, element, shape))
          .reduce((total, value, i) => total + value * weights[i]!, 0);
      const gradient = grad((x: Tensor) => sum(mul(d4Transforms(x as Tensor4D), tensor(weights, [8, 2, 2, 2]))));
      await expectClose(gradient(tensor(at, shape)), numericGradient(loss, at));
    });
  });

  describe('rejects', () => {
    it('oblong pictures and unknown elements', async () => {
      const oblong = zeros([1, 2, 3, 1]) as Tensor4D;
      await expectCovpoolError(() => d4Transforms(oblong), 'bad-argument', /square, \[B,S,S,C\], got \[1,2,3,1\]/);
      await expectCovpoolError(() => d4Transform(oblong, 'r4' as D4Element), 'bad-argument', /one of e, r, .*'r4'/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = zeros([1, 2, 2, 1]) as Tensor4D;
      await expectNoLeak(() => d4Transforms(x).dispose());
      await expectNoLeak(() => d4Transform(x, 'e').dispose());
      await expectNoLeak(() => grad((y: Tensor) => sum(d4Transforms(y as Tensor4D)))(x).dispose());
    });
  });
});
