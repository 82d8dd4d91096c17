import { expect, it } from 'vitest';
import { freePlace } from './free-place.ts';

const at = (x: number, y: number) => ({ x, y, width: 20, height: 10 });

it('takes the first place that is free; edges may touch', () => {
  expect(freePlace([at(0, 0), at(0, 30)], [])).toEqual(at(0, 0));
  expect(freePlace([at(0, 0), at(0, 30)], [at(20, 0), at(0, 10)])).toEqual(at(0, 0));
  expect(freePlace([at(0, 0), at(0, 30)], [at(19, 9)])).toEqual(at(0, 30));
});

it('takes the first of all where none is free', () => {
  expect(freePlace([at(0, 0), at(0, 30)], [at(5, 5), at(5, 35)])).toEqual(at(0, 0));
});
