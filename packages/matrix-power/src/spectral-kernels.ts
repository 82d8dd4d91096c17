import { asRows } from '@covpool/covariance';
import { checkArgument } from '@covpool/base';
import { defineHostKernel, type HostArray, timesTransposed, transposed } from '@covpool/core';
import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { packSpectra, unpackSpectrum } from './float64-state.ts';
import { applyToSpectrum, spectralGradient, type SpectralPlan } from './spectral-image.ts';
import { rowsGradient, specialForward, specialGradient } from './spectral-rows.ts';
import { centredRows, spectrumOfMatrix, spectrumOfRows } from './spectrum.ts';

/** A function of symmetric matrices through their eigenvalues, float64 inside. */
export interface SpectralOperation<Options> {
  /** Of symmetric matrices [B,d,d]; only their symmetric part counts. */
  ofMatrix: (a: Tensor3D, options: Options) => Tensor3D;
  /** Of the covariance (without `centering`, of the second moment) of features, itself computed in float64. */
  ofRows: (x: Tensor, options: Options & { centering: boolean }) => Tensor3D;
}

interface Family<Options> {
  /** Stem of the kernels' names. */
  name: string;
  /** The function that is calling, for errors. */
  who: string;
  /** What is done to matrices of side d. */
  plan: (options: Options, d: number) => SpectralPlan;
}

/** Makes the operation for matrices and for rows, each a kernel with a gradient kernel. */
export function defineSpectralOperation<Options extends object>(family: Family<Options>): SpectralOperation<Options> {
  const ofMatrix = matrixKernel(family);
  const ofRows = rowsKernel(family);
  const { who } = family;
  return {
    ofMatrix(a, options) {
      checkArgument(
        a.rank === 3 && a.shape[1] === a.shape[2],
        () => `${who}: matrices must be [B,d,d], got [${a.shape}]`,
      );
      return tidy(() => ofMatrix({ a }, options)[0] as Tensor3D);
    },
    ofRows: (x, options) => tidy(() => ofRows({ x: asRows(who, x) }, options)[0] as Tensor3D),
  };
}

function matrixKernel<Options extends object>({ name, who, plan }: Family<Options>) {
  const gradientKernel = defineHostKernel<{ dy: Tensor; state: Tensor }, Options>({
    name: `${name}OfMatrixGradient`,
    who,
    compute({ dy, state }, options) {
      const [batch, d] = dy.shape as [number, number];
      const da = new Float32Array(dy.values.length);
      for (let b = 0; b < batch; b++) {
        const spectrum = unpackSpectrum(state, b, d, d);
        const { along, across, shift } = spectralGradient(spectrum, plan(options, d), image(dy, b));
        const { rank, vectors } = spectrum;
        const columns = transposed(vectors, rank, d);
        const sum = timesTransposed(columns, transposed(along, rank, d), d, d, rank);
        if (across) {
          const back = timesTransposed(transposed(across, rank, d), columns, d, d, rank);
          for (let i = 0; i < sum.length; i++) sum[i]! += back[i]!;
        }
        for (let i = 0; i < d; i++) sum[i * d + i]! += shift;
        da.set(sum, b * d * d);
      }
      return [{ shape: dy.shape, values: da }];
    },
  });
  return defineHostKernel<{ a: Tensor }, Options>({
    name: `${name}OfMatrix`,
    who,
    compute({ a }, options) {
      const [batch, d] = a.shape as [number, number];
      const settled = plan(options, d);
      const result = new Float32Array(a.values.length);
      const spectra = Array.from({ length: batch }, (_, b) => {
        const spectrum = spectrumOfMatrix(image(a, b), d, settled.small, settled.precision);
        applyToSpectrum(spectrum, settled, image({ shape: a.shape, values: result }, b) as Float32Array);
        return spectrum;
      });
      return [{ shape: a.shape, values: result }, packSpectra(spectra, d, d)];
    },
    gradient: {
      inputs: [],
      outputs: [false, true],
      compute: ([dy], [state], options) => ({ a: () => gradientKernel({ dy: dy!, state: state! }, options)[0]! }),
    },
  });
}

function rowsKernel<Options extends object>({ name, who, plan }: Family<Options>) {
  type RowOptions = Options & { centering: boolean };
  const gradientKernel = defineHostKernel<{ dy: Tensor; x: Tensor; state: Tensor }, RowOptions>({
    name: `${name}OfRowsGradient`,
    who,
    special: (inputs, options) => specialGradient(inputs, options, plan(options, inputs.x.shape[2]!)),
    compute({ dy, x, state }, options) {
      const [batch, m, d] = x.shape as [number, number, number];
      const settled = plan(options, d);
      const dx = new Float32Array(x.values.length);
      for (let b = 0; b < batch; b++) {
        const rows = rowsOf(image(x, b), m, d, options);
        const spectrum = unpackSpectrum(state, b, Math.min(m, d), d);
        dx.set(rowsGradient(rows, m, spectrum, settled, image(dy, b)), b * m * d);
      }
      return [{ shape: x.shape, values: dx }];
    },
  });
  return defineHostKernel<{ x: Tensor }, RowOptions>({
    name: `${name}OfRows`,
    who,
    special: ({ x }, options) => specialForward(x, options, plan(options, x.shape[2]!)),
    compute({ x }, options) {
      const [batch, m, d] = x.shape as [number, number, number];
      const settled = plan(options, d);
      const shape = [batch, d, d];
      const values = new Float32Array(batch * d * d);
      const spectra = Array.from({ length: batch }, (_, b) => {
        const spectrum = spectrumOfRows(rowsOf(image(x, b), m, d, options), m, d, settled.small);
        applyToSpectrum(spectrum, settled, image({ shape, values }, b) as Float32Array);
        return spectrum;
      });
      return [{ shape, values }, packSpectra(spectra, Math.min(m, d), d)];
    },
    gradient: {
      inputs: ['x'],
      outputs: [false, true],
      compute: ([dy], [x, state], options) => ({
        x: () => gradientKernel({ dy: dy!, x: x!, state: state! }, options)[0]!,
      }),
    },
  });
}

/** X̄ in float64, or X without centring. */
function rowsOf(x: HostArray['values'], m: number, d: number, { centering }: { centering: boolean }): Float64Array {
  return centering ? centredRows(x, m, d) : new Float64Array(x);
}

/** Entry b of a batch. */
function image({ shape, values }: HostArray, b: number): HostArray['values'] {
  const size = shape.slice(1).reduce((product, extent) => product * extent, 1);
  return values.subarray(b * size, (b + 1) * size);
}
