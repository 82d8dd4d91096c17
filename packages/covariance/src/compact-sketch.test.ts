import { expectCovpoolError } from '@covpool/testing';
import { describe, expect, it } from 'vitest';
import { type CompactSketch, compactSketch } from './compact-sketch.ts';

/** The circular convolution of the two count sketches of one position. */
function psi(x: number[], { h1, h2, s1, s2, outputDim }: CompactSketch): number[] {
  const sketch = new Array<number>(outputDim).fill(0);
  x.forEach((a, i) => x.forEach((b, j) => (sketch[(h1[i]! + h2[j]!) % outputDim]! += s1[i]! * s2[j]! * a * b)));
  return sketch;
}

const inner = (a: number[], b: number[]): number => a.reduce((total, value, i) => total + value * b[i]!, 0);

describe('compactSketch', () => {
  describe('values', () => {
    it('are bins from 0 to D − 1 and signs, the same for the same seed', () => {
      const sketch = compactSketch(1000, 5, 1);
      const { h1, h2, s1, s2 } = sketch;
      for (const bins of [h1, h2]) expect(new Set(bins)).toEqual(new Set([0, 1, 2, 3, 4]));
      for (const signs of [s1, s2]) expect(new Set(signs)).toEqual(new Set([1, -1]));
      expect(h1).not.toEqual(h2);
      expect(s1).not.toEqual(s2);
      expect(compactSketch(1000, 5, 1)).toEqual(sketch);
      expect(compactSketch(1000, 5, 2).h1).not.toEqual(h1);
    });
  });

  describe('properties', () => {
    it('make inner products of sketches estimate ⟨x, y⟩² without bias: 0.479 from 4,000 draws (spec 9.3)', () => {
      const [x, y] = [
        [0.6, 0, 0.8, 0],
        [0.6 * Math.sqrt(0.479), Math.sqrt(0.521), 0.8 * Math.sqrt(0.479), 0],
      ] as const;
      expect(inner([...x], [...y]) ** 2).toBeCloseTo(0.479, 12);
      const [draws, size] = [4000, 16];
      let total = 0;
      for (let seed = 0; seed < draws; seed++) {
        const sketch = compactSketch(4, size, seed);
        total += inner(psi([...x], sketch), psi([...y], sketch));
      }
      // Four deviations of the mean, the variance being about (⟨x,y⟩⁴ + |x|⁴|y|⁴)/D for each draw.
      expect(Math.abs(total / draws - 0.479)).toBeLessThan(4 * Math.sqrt((0.479 ** 2 + 1) / (size * draws)));
    });
  });

  describe('rejects', () => {
    it.each([0, -1, 2.5])('%f channels', (channels) =>
      expectCovpoolError(() => compactSketch(channels, 8, 0), 'bad-argument', /compactSketch: channels must be/),
    );

    it.each([0, 0.5, 2 ** 23 + 1])('D = %f', (outputDim) =>
      expectCovpoolError(() => compactSketch(4, outputDim, 0), 'bad-argument', /compactSketch: outputDim must be/),
    );
  });
});
