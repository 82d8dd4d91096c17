import { expect, it } from 'vitest';
import { duration } from './duration.ts';
import { table } from './table.ts';

it('aligns text left and numbers right', () => {
  expect(
    table(
      ['head', 'top-1', 'ms'],
      [
        ['gap', '9.1', '–'],
        ['isqrt', '70.6', '120'],
      ],
    ),
  ).toBe(['head   top-1   ms', '─────  ─────  ───', 'gap      9.1    –', 'isqrt   70.6  120'].join('\n'));
});

it('stands no rows and short rows', () => {
  expect(table(['a', 'b'], [])).toBe('a  b\n─  ─');
  expect(table(['a', 'b'], [['x']])).toContain('x');
});

it.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1:00 min'],
  [187, '3:07 min'],
  [7500, '2:05:00 h'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('says %s seconds as %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
