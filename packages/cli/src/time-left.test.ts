import { expect, it } from 'vitest';
import { duration } from './duration.ts';
import { timeLeft } from './time-left.ts';

it('timeLeft goes by the pace since the first call, wherever the work stood then', () => {
  let now = 5000;
  const left = timeLeft(() => now);
  expect(duration(left(10, 20))).toBe('–');
  now += 4000;
  expect(left(12, 18)).toBe(36);
  now += 4000;
  expect(left(18, 12)).toBe(12);
});
