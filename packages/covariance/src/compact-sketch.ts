import { checkArgument, checkPositiveWhole, Random } from '@covpool/base';

/** The two hashes of a compact bilinear pooling. They are drawn once and belong to the trained network like its weights. */
export interface CompactSketch {
  /** The length D of the descriptor. */
  outputDim: number;
  /** A bin from 0 to D − 1 for each of d channels. */
  h1: Int32Array;
  h2: Int32Array;
  /** A sign, 1 or −1, for each of them. */
  s1: Int32Array;
  s2: Int32Array;
}

/**
 * Draws the hashes of d channels into D bins, uniformly, as a function of the seed. Then `E ⟨ψ(x), ψ(y)⟩ = ⟨x, y⟩²` over the
 * seeds, with a variance of about `(⟨x,y⟩⁴ + |x|⁴|y|⁴)/D`.
 *
 * @throws bad-argument unless d and D are positive whole numbers
 */
export function compactSketch(channels: number, outputDim: number, seed: number): CompactSketch {
  checkPositiveWhole('compactSketch', 'channels', channels);
  checkOutputDim('compactSketch', outputDim);
  const draw = (name: string, next: (random: Random) => number): Int32Array => {
    const random = new Random(seed, 'compact-sketch', name);
    return Int32Array.from({ length: channels }, () => next(random));
  };
  const bin = (random: Random): number => random.integer(outputDim);
  const sign = (random: Random): number => 1 - 2 * random.integer(2);
  return { outputDim, h1: draw('h1', bin), h2: draw('h2', bin), s1: draw('s1', sign), s2: draw('s2', sign) };
}

/** @throws bad-argument unless D is a positive whole number that float32 weights and sums of two bins keep exact */
export function checkOutputDim(who: string, outputDim: number): void {
  checkArgument(
    Number.isInteger(outputDim) && outputDim > 0 && outputDim <= 2 ** 23,
    () => `${who}: outputDim must be a whole number from 1 to 2^23, got ${outputDim}`,
  );
}
