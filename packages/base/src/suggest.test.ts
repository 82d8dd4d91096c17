import { expect, it } from 'vitest';
import { didYouMean, nearest } from './suggest.ts';

it.each([
  ['trian', 'train'],
  ['Eval', 'eval'],
  ['predicts', 'predict'],
  ['evl', 'eval'],
])('finds the name behind %s', (word, name) => {
  expect(nearest(word, ['train', 'eval', 'predict'])).toBe(name);
});

it('suggests nothing where nothing is near', () => {
  expect(nearest('banana', ['train', 'eval'])).toBeUndefined();
  expect(didYouMean('banana', ['train'])).toBe('');
});
