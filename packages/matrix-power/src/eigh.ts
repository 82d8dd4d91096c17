import { checkArgument } from '@covpool/base';
import { defineHostKernel, type HostArray, timesTransposed, transposed } from '@covpool/core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { packSpectra, unpackSpectrum } from './float64-state.ts';
import { symmetricPart } from './spectral-image.ts';
import { type Spectrum, spectrumOfMatrix } from './spectrum.ts';

/** `dA = sym(U (F∘UᵀdU + diag dλ) Uᵀ)`, `F_ij = 1/(λ_j − λ_i)`, in float64. */
const gradientKernel = defineHostKernel<{ dvalues: Tensor; dvectors: Tensor; state: Tensor }, Record<string, never>>({
  name: 'EighGradient',
  who: 'eigh',
  compute({ dvalues, dvectors, state }) {
    const [batch, d] = dvalues.shape as [number, number];
    const da = new Float32Array(batch * d * d);
    for (let b = 0; b < batch; b++) {
      const spectrum = unpackSpectrum(state, b, d, d);
      const own = dvectors.values.subarray(b * d * d, (b + 1) * d * d);
      const inner = eigenbasisGradient(spectrum, dvalues.values.subarray(b * d, (b + 1) * d), own);
      da.set(fromEigenbasis(inner, spectrum), b * d * d);
    }
    return [{ shape: dvectors.shape, values: da }];
  },
});

function eigenbasisGradient(
  { d, values, vectors }: Spectrum,
  dvalues: HostArray['values'],
  dvectors: HostArray['values'],
): Float64Array {
  const inner = timesTransposed(vectors, transposed(dvectors, d, d), d, d, d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const gap = values[j]! - values[i]!;
      // Within a repeated eigenvalue any basis will do: no direction is to be preferred.
      inner[i * d + j] = i === j ? dvalues[i]! : gap === 0 ? 0 : inner[i * d + j]! / gap;
    }
  }
  return inner;
}

/** `sym(U B Uᵀ)` for B in the eigenbasis. */
function fromEigenbasis(b: Float64Array, { d, vectors }: Spectrum): Float64Array {
  const columns = transposed(vectors, d, d);
  return timesTransposed(timesTransposed(columns, symmetricPart(b, d), d, d, d), columns, d, d, d);
}

const kernel = defineHostKernel<{ a: Tensor }, Record<string, never>>({
  name: 'Eigh',
  who: 'eigh',
  compute({ a }) {
    const [batch, d] = a.shape as [number, number];
    const values = new Float32Array(batch * d);
    const vectors = new Float32Array(batch * d * d);
    const spectra = Array.from({ length: batch }, (_, b) => {
      const spectrum = spectrumOfMatrix(a.values.subarray(b * d * d, (b + 1) * d * d), d, {});
      values.set(spectrum.values, b * d);
      for (let k = 0; k < d; k++) {
        for (let i = 0; i < d; i++) vectors[b * d * d + i * d + k] = spectrum.vectors[k * d + i]!;
      }
      return spectrum;
    });
    return [{ shape: [batch, d], values }, { shape: a.shape, values: vectors }, packSpectra(spectra, d, d)];
  },
  gradient: {
    inputs: [],
    outputs: [false, false, true],
    compute: ([dvalues, dvectors], [state]) => ({
      a: () => gradientKernel({ dvalues: dvalues!, dvectors: dvectors!, state: state! }, {})[0]!,
    }),
  },
});

/**
 * Eigenvalues, descending, and unit eigenvectors of symmetric matrices: `A = U diag(λ) Uᵀ`. Float64 inside, on the processor; of
 * each eigenvector the largest entry is positive. Only the symmetric part of A counts.
 *
 * The gradient is exact for distinct eigenvalues and grows as 1/(λ_i − λ_j); where two are equal their vectors have none. For
 * functions of the whole matrix prefer `matrixPower`, whose gradient has no such pole.
 *
 * @param a [B,d,d]
 * @returns `values` [B,d], `vectors` [B,d,d] in columns
 * On webgpu all is float32: eigenvalues err by some 1e-6 of the largest magnitude, and two that differ by less than 2⁻²² of that count as
 * equal.
 *
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 */
export function eigh(a: Tensor3D): { values: Tensor2D; vectors: Tensor3D } {
  checkArgument(a.rank === 3 && a.shape[1] === a.shape[2], () => `eigh: matrices must be [B,d,d], got [${a.shape}]`);
  const [values, vectors, state] = kernel({ a }, {});
  // Outside of a gradient nothing needs it; inside of one the tape holds it.
  state!.dispose();
  return { values: values as Tensor2D, vectors: vectors as Tensor3D };
}
