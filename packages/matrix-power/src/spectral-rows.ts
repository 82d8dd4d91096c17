import { float64Routines, type Float64Rows, timesTransposed, transposed } from '@covpool/core';
import { mapEigenvalues } from './spectral-function.ts';
import { applyToSpectrum, spectralGradient, type SpectralPlan, spectralSlopes } from './spectral-image.ts';
import { centredRows, keptOfRows, type Spectrum, spectrumOfRows } from './spectrum.ts';

/** Writes the function of each picture's covariance into `out` [B,d,d] and returns the spectra, which the gradient needs. */
export function applyToRows(rows: Float64Rows, plan: SpectralPlan, out: Float32Array): Spectrum[] {
  const { m, d } = rows;
  const routines = float64Routines();
  if (!routines || m >= d) {
    return Array.from({ length: pictures(rows) }, (_, b) => {
      const spectrum = spectrumOfRows(centred(rows, b), m, d, plan.small);
      applyToSpectrum(spectrum, plan, out.subarray(b * d * d, (b + 1) * d * d));
      return spectrum;
    });
  }
  const found: { rank: number; kept: Float64Array }[] = [];
  const { result, vectors } = routines.rowFunction(rows, (eigenvalues, b) => {
    const { rank, kept } = (found[b] = keptOfRows(eigenvalues, d, plan.small));
    const { f } = mapEigenvalues(plan.function, kept);
    return { rank, weights: f.subarray(0, rank), kernel: f[rank]! };
  });
  out.set(result);
  return found.map(({ rank, kept }, b) => ({ d, rank, values: kept, vectors: vectors[b]! }));
}

/** `dX = (2/M) X̄ dA`, `dA = UᵀN + RᵀU + c I`, of each picture; g [B,d,d]. */
export function rowsGradient(
  rows: Float64Rows,
  spectra: Spectrum[],
  plan: SpectralPlan,
  g: Float32Array,
): Float32Array {
  const { m, d } = rows;
  const routines = float64Routines();
  const ofPicture = (b: number): Float32Array => g.subarray(b * d * d, (b + 1) * d * d);
  if (routines && m < d) {
    const vectors = spectra.map((spectrum) => spectrum.vectors);
    return routines.rowFunctionGradient(rows, vectors, g, (h, b) => spectralSlopes(spectra[b]!, plan, ofPicture(b), h));
  }
  const dx = new Float32Array(rows.x.length);
  for (const [b, spectrum] of spectra.entries()) {
    dx.set(pictureGradient(centred(rows, b), m, spectrum, plan, ofPicture(b)), b * m * d);
  }
  return dx;
}

function pictureGradient(
  x: Float64Array,
  m: number,
  spectrum: Spectrum,
  plan: SpectralPlan,
  g: Float32Array,
): Float32Array {
  const { d, rank, vectors } = spectrum;
  const { along, across, shift } = spectralGradient(spectrum, plan, g);
  const coordinates = timesTransposed(x, vectors, m, rank, d);
  const sum = timesTransposed(coordinates, transposed(along, rank, d), m, d, rank);
  if (across) {
    // X̄ has no part in a true kernel, but has one in directions that were cut.
    const cut = timesTransposed(x, across, m, rank, d);
    const back = timesTransposed(cut, transposed(vectors, rank, d), m, d, rank);
    for (let i = 0; i < sum.length; i++) sum[i]! += back[i]!;
  }
  return Float32Array.from(sum, (value, i) => (2 / m) * (value + shift * x[i]!));
}

const pictures = ({ x, m, d }: Float64Rows): number => x.length / (m * d);

function centred({ x, m, d, centering }: Float64Rows, b: number): Float64Array {
  const own = x.subarray(b * m * d, (b + 1) * m * d);
  return centering ? centredRows(own, m, d) : new Float64Array(own);
}
