import { float64Routines, timesTransposed, transposed } from '@covpool/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { mapEigenvalues } from './spectral-function.ts';
import { spectralGradient, type SpectralPlan, spectralSlopes } from './spectral-image.ts';
import { keptOfRows, type Spectrum } from './spectrum.ts';

interface Rows {
  centering: boolean;
}

/** The engine's routines, if it has some: they work on the M×M matrix. */
const routinesFor = ({ shape: [, m, d] }: TensorInfo) => (m! < d! ? float64Routines() : undefined);

/** The function of the covariances of rows x [B,M,d] by the engine's routines, and what they need for the gradient. */
export function specialForward(x: TensorInfo, { centering }: Rows, plan: SpectralPlan): TensorInfo[] | undefined {
  const d = x.shape[2]!;
  return routinesFor(x)?.rowFunction(x, centering, (eigenvalues) => {
    const { rank, kept } = keptOfRows(eigenvalues, d, plan.small);
    const { f } = mapEigenvalues(plan.function, kept);
    return { rank, weights: f.subarray(0, rank), kernel: f[rank]!, kept };
  });
}

/** Its gradient. */
export function specialGradient(
  inputs: { dy: TensorInfo; x: TensorInfo; state: TensorInfo },
  { centering }: Rows,
  plan: SpectralPlan,
): TensorInfo[] | undefined {
  const d = inputs.x.shape[2]!;
  const dx = routinesFor(inputs.x)?.rowFunctionGradient(inputs, centering, ({ rank, kept, h, s, trace }) =>
    spectralSlopes({ d, rank, values: kept.subarray(0, rank + 1) }, plan, trace, h, s),
  );
  return dx && [dx];
}

/** `dX = (2/M) X̄ dA`, `dA = UᵀN + RᵀU + c I`, of one picture; x X̄ [M,d], g [d,d]. */
export function rowsGradient(
  x: Float64Array,
  m: number,
  spectrum: Spectrum,
  plan: SpectralPlan,
  g: ArrayLike<number>,
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
