import { expect, it } from 'vitest';
import { timestamp } from './timestamp.ts';

it('timestamp is a part of a file name that sorts by time', () => {
  expect(timestamp(new Date(2026, 0, 2, 3, 4, 5))).toBe('20260102-030405');
  expect(timestamp(new Date(2026, 11, 31, 23, 59, 59))).toBe('20261231-235959');
});
