import { expect, it } from 'vitest';
import { roundHalfEven } from './round-half-even.ts';

it.each([
  [58.5, 58],
  [59.5, 60],
  [0.5, 0],
  [1.5, 2],
  [-0.5, -0],
  [-1.5, -2],
  [2.4999, 2],
  [2.5001, 3],
  [-2.6, -3],
])('rounds %s to %s', (value, rounded) => {
  expect(roundHalfEven(value) + 0).toBe(rounded + 0);
});
