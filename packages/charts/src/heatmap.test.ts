import { describe, expect, it } from 'vitest';
import { pixelsOfPng, textsOf } from './drawing.fixture.ts';
import { heatmap } from './heatmap.ts';
import { svgToPng } from './svg-to-png.ts';

describe('heatmap', () => {
  const draw = (matrix: ArrayLike<number>[], size?: number): Promise<string> =>
    heatmap({ title: 'Covariance', x: 'channel', y: 'channel', value: 'covariance', matrix, size });

  it('is blue below zero, white at it and red above, to both sides alike', async () => {
    const svg = await draw([[-2, 0, 1]], 90);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['Covariance', 'channel', 'covariance', '2', '0', '−2', '3']));
    const { data, width } = pixelsOfPng(await svgToPng(svg, { scale: 1 }));
    const at = (x: number): number[] => [...data.subarray((75 * width + x) * 4, (75 * width + x) * 4 + 3)];
    expect(at(64 + 15)).toEqual([14, 72, 130]);
    expect(at(64 + 45)).toEqual([247, 247, 245]);
    expect(at(64 + 75)[0]! - at(64 + 75)[2]!).toBeGreaterThan(60);
  });

  it('takes typed rows, a matrix of zeros, and one larger than its plot', async () => {
    expect(await draw([new Float32Array(3)])).not.toMatch(/NaN/);
    expect(
      (
        await draw(
          Array.from({ length: 400 }, () => new Float32Array(400)),
          300,
        )
      ).length,
    ).toBeLessThan(50_000);
  });

  it.each([
    ['an empty matrix', [], /at least one row and one column/],
    ['a ragged one', [[1, 2], [3]], /got 1 in row 1/],
    ['an infinity', [[1, -Infinity]], /entry \[0\]\[1\] must be a finite number, got -Infinity/],
  ])('rejects %s', async (_, matrix, message) => {
    await expect(draw(matrix)).rejects.toThrow(message);
  });
});
