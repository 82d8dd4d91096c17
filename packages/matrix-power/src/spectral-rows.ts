import { float64Routines, type Float64Rows } from '@covpool/core';
import { timesTransposed, transposed } from './float64-product.ts';
import { mapEigenvalues } from './spectral-function.ts';
import { applyToSpectrum, spectralGradient, type SpectralPlan, spectralSlopes } from './spectral-image.ts';
import { centredRows, keptOfRows, type Spectrum, spectrumOfRows } from './spectrum.ts';

/** Writes the function of the rows' covariance into `out` [d,d] and returns the spectrum, which the gradient needs. */
export function applyToRows(rows: Float64Rows, plan: SpectralPlan, out: Float32Array): Spectrum {
  const { m, d } = rows;
  const routines = float64Routines();
  if (!routines || m >= d) {
    const spectrum = spectrumOfRows(centred(rows), m, d, plan.small);
    applyToSpectrum(spectrum, plan, out);
    return spectrum;
  }
  let rank = 0;
  let values: Float64Array = new Float64Array(0);
  const { result, vectors } = routines.rowFunction(rows, (eigenvalues) => {
    ({ rank, kept: values } = keptOfRows(eigenvalues, d, plan.small));
    const { f } = mapEigenvalues(plan.function, values);
    return { rank, weights: f.subarray(0, rank), kernel: f[rank]! };
  });
  out.set(result);
  return { d, rank, values, vectors };
}

/** `dX = (2/M) X̄ dA`, `dA = UᵀN + RᵀU + c I`. */
export function rowsGradient(rows: Float64Rows, spectrum: Spectrum, plan: SpectralPlan, g: Float32Array): Float32Array {
  const { m, d } = rows;
  const { rank, vectors } = spectrum;
  const routines = float64Routines();
  if (routines && m < d) {
    return routines.rowFunctionGradient(rows, vectors, g, (h) => spectralSlopes(spectrum, plan, g, h));
  }
  const x = centred(rows);
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

const centred = ({ x, m, d, centering }: Float64Rows): Float64Array =>
  centering ? centredRows(x, m, d) : new Float64Array(x);
