import { expect, it } from 'vitest';
import { confusionText } from './confusion-text.ts';

const classes = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
const identity = (count: number) =>
  classes(count).map((_, i) => classes(count).map((_, j) => (i === j ? 5 : 0) as number));

it('is the matrix of a few classes', () => {
  const counts = [
    [3, 1],
    [0, 4],
  ];
  expect(confusionText({ counts }, classes(2)).split('\n').slice(2)).toEqual([
    'c0                 3   1',
    'c1                 0   4',
  ]);
  expect(confusionText({ counts: identity(12) }, classes(12)).split('\n')).toHaveLength(14);
});

it('is the ten pairs that were confused most, of many classes', () => {
  const counts = identity(1000);
  for (let i = 0; i < 20; i++) counts[i]![i + 1] = i + 1;
  const lines = confusionText({ counts }, classes(1000)).split('\n');
  expect(lines).toHaveLength(12);
  expect(lines[0]).toMatch(/^most confused +taken for +pictures +of the class$/);
  expect(lines[2]).toMatch(/^c19 +c20 +20 +80\.0 %$/);
  expect(lines.at(-1)).toMatch(/^c10 +c11 +11 +68\.8 %$/);
  expect(confusionText({ counts: identity(13) }, classes(13))).toBe('no picture was taken for another class');
});
