import { describe, expect, it } from 'vitest';
import { barChart } from './bar-chart.ts';
import { textsOf } from './drawing.fixture.ts';

describe('barChart', () => {
  it('prints names, values and errors', async () => {
    const svg = await barChart({
      title: 'T',
      x: 'ms',
      bars: [
        { name: 'a', value: 70.25, error: 0.4 },
        { name: 'b', value: -3 },
      ],
    });
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['a', 'b', '70.3 ± 0.4', '−3.0', 'ms']));
  });

  it('draws bars that are all zero', async () => {
    expect(await barChart({ title: 'T', x: 'ms', bars: [{ name: 'a', value: 0 }] })).not.toMatch(/NaN/);
  });

  it.each([
    ['no bar', [], /at least one bar/],
    ['NaN', [{ name: 'a', value: NaN }], /the value of 'a' must be a finite number/],
    ['a negative error', [{ name: 'a', value: 1, error: -1 }], /errors must be at least 0, got -1/],
    [
      'two of one name',
      [
        { name: 'a', value: 1 },
        { name: 'a', value: 2 },
      ],
      /got 'a' twice/,
    ],
  ])('rejects %s', async (_, bars, message) => {
    await expect(barChart({ title: 'T', x: 'ms', bars })).rejects.toThrow(message);
  });
});
