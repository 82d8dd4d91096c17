import type { HostArray } from '@covpool/core';
import type { Spectrum } from './spectrum.ts';

/**
 * Spectra as a tensor [B,L] for the gradient: TensorFlow.js keeps tensors only and has no float64, so the bits travel as int32
 * pairs. Per image: rank, the n+1 eigenvalues, the n eigenvectors, n the largest rank there can be.
 */
export function packSpectra(spectra: Spectrum[], n: number, d: number): HostArray {
  const length = 1 + (n + 1) + n * d;
  const state = new Float64Array(spectra.length * length);
  for (const [b, { rank, values, vectors }] of spectra.entries()) {
    state[b * length] = rank;
    state.set(values, b * length + 1);
    state.set(vectors, b * length + 2 + n);
  }
  return { shape: [spectra.length, 2 * length], values: new Int32Array(state.buffer) };
}

/** The spectrum of image b. */
export function unpackSpectrum({ shape, values }: HostArray, b: number, n: number, d: number): Spectrum {
  const pairs = shape[1]!;
  const state = new Float64Array(values.slice(b * pairs, (b + 1) * pairs).buffer);
  const rank = state[0]! | 0; // a small integer to the compiler, too: indices made of doubles are twice as slow
  return {
    d,
    rank,
    values: state.subarray(1, 1 + Math.min(rank + 1, d)),
    vectors: state.subarray(2 + n, 2 + n + rank * d),
  };
}
