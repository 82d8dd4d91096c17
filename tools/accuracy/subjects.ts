import {
  choleskyLogCov,
  covariance,
  gaussianEmbedding,
  isqrtCov,
  isqrtGaussian,
  matrixPowerCov,
  mpaSqrtCov,
  mtpSqrtCov,
  scalingEigenBranchCov,
  secondMoment,
} from 'covpool';
import { covarianceOracle, eigen, identity, type Matrix, scale, times, transpose } from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A function of features with its oracle in float64. */
export interface Subject {
  name: string;
  compute: (x: Tensor) => Tensor;
  oracle: (rows: Matrix) => Matrix;
  /** Whether its gradient is the derivative of the formula; a published approximation is not held to it. */
  exactGradient: boolean;
  /** Changes of the features that are small to it; absent: those that are small to the least eigenvalue. */
  scale?: number;
}

/** `f₀ I + U diag(f(λ) − f₀) Uᵀ` of `XᵀX/M`, from the smaller of its two sides; f is given the eigenvalues, a zero last. */
function ofProducts(rows: Matrix, f: (lambda: number[]) => number[]): Matrix {
  const [m, d] = [rows.length, rows[0]!.length];
  const wide = m < d;
  const { values, vectors } = eigen(scale(wide ? times(rows, transpose(rows)) : times(transpose(rows), rows), 1 / m));
  const lambda = values.filter((value) => value > 1e-14 * Math.max(values[0]!, 0));
  const weights = f([...lambda, 0]);
  const kernel = weights.at(-1)!;
  const left = vectors.map((row) => lambda.map((_, k) => row[k]!));
  const u = wide
    ? times(
        transpose(rows),
        left.map((row) => row.map((value, k) => value / Math.sqrt(m * lambda[k]!))),
      )
    : left;
  const scaled = u.map((row) => row.map((value, k) => value * (weights[k]! - kernel)));
  const result = lambda.length === 0 ? scale(identity(d), 0) : times(scaled, transpose(u));
  return result.map((row, i) => row.map((value, j) => (i === j ? value + kernel : value)));
}

function centred(rows: Matrix): Matrix {
  const mean = rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);
  return rows.map((row) => row.map((value, j) => value - mean[j]!));
}

const ofCovariance = (rows: Matrix, f: (lambda: number[]) => number[]): Matrix => ofProducts(centred(rows), f);

const polynomial = (coefficients: number[], z: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * z + coefficient, 0);

const numerator = [1, -11 / 4, 11 / 4, -77 / 64, 55 / 256, -11 / 1024];
const denominator = [1, -9 / 4, 7 / 4, -35 / 64, 15 / 256, -1 / 1024];
const taylor = [1, -1 / 2, -1 / 8, -1 / 16, -5 / 128, -7 / 256, -21 / 1024, -33 / 2048, -429 / 32768, -715 / 65536, -2431 / 262144]; // prettier-ignore

/** `√n f(λ/n)`, n the Frobenius norm. */
const normalised =
  (f: (z: number) => number) =>
  (lambda: number[]): number[] => {
    const n = Math.hypot(...lambda);
    return lambda.map((value) => (n === 0 ? 0 : Math.sqrt(n) * f(1 - value / n)));
  };

const root = (lambda: number[]): number[] => lambda.map(Math.sqrt);

/** Five Newton–Schulz iterations of λ over the trace. */
function newtonSchulz(lambda: number[]): number[] {
  const t = lambda.reduce((sum, value) => sum + value, 0);
  return lambda.map((value) => {
    let [y, z] = [t === 0 ? 0 : value / t, 1];
    for (let k = 0; k < 5; k++) {
      const step = (3 - z * y) / 2;
      [y, z] = [y * step, z * step];
    }
    return Math.sqrt(t) * y;
  });
}

const kept = (lambda: number[]): number[] => {
  const limit = lambda[0]! > 0 ? 2 ** (Math.floor(Math.log2(lambda[0]!)) - 23) : 0;
  return lambda.map((value) => (value > limit ? Math.sqrt(value) : 0));
};

const extended = (rows: Matrix): Matrix => rows.map((row) => [...row, 1]);

function choleskyOracle(rows: Matrix): Matrix {
  const a = covarianceOracle(rows);
  const d = a.length;
  const l = a.map((row) => row.map(() => 0));
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]! + (i === j ? 1e-6 : 0);
      for (let k = 0; k < j; k++) sum -= l[i]![k]! * l[j]![k]!;
      l[i]![j] = i === j ? Math.sqrt(sum) : sum / l[j]![j]!;
    }
  }
  return l.map((row, i) =>
    row.map((_, j) => (i === j ? 2 * Math.log(l[i]![i]!) : l[Math.max(i, j)]![Math.min(i, j)]!)),
  );
}

export const subjects: Subject[] = [
  { name: 'covariance', compute: covariance, oracle: covarianceOracle, exactGradient: true },
  {
    name: 'secondMoment',
    compute: secondMoment,
    oracle: (rows) => scale(times(transpose(rows), rows), 1 / rows.length),
    exactGradient: true,
  },
  {
    name: 'gaussianEmbedding',
    compute: (x) => gaussianEmbedding(x),
    oracle: (rows) => scale(times(transpose(extended(rows)), extended(rows)), 1 / rows.length),
    exactGradient: true,
  },
  {
    name: 'isqrtCov',
    compute: (x) => isqrtCov(x),
    oracle: (rows) => ofCovariance(rows, newtonSchulz),
    exactGradient: true,
  },
  {
    name: 'isqrtGaussian',
    compute: (x) => isqrtGaussian(x),
    oracle: (rows) => ofProducts(extended(rows), newtonSchulz),
    exactGradient: true,
  },
  {
    name: 'mpaSqrtCov',
    compute: (x) => mpaSqrtCov(x),
    oracle: (rows) =>
      ofCovariance(
        rows,
        normalised((z) => polynomial(numerator, z) / polynomial(denominator, z)),
      ),
    exactGradient: false,
  },
  {
    name: 'mtpSqrtCov',
    compute: (x) => mtpSqrtCov(x),
    oracle: (rows) =>
      ofCovariance(
        rows,
        normalised((z) => polynomial(taylor, z)),
      ),
    exactGradient: false,
  },
  {
    name: 'matrixPowerCov (mpn)',
    compute: (x) => matrixPowerCov(x),
    oracle: (rows) => ofCovariance(rows, kept),
    exactGradient: true,
  },
  {
    name: 'matrixPowerCov (svd-exact)',
    compute: (x) => matrixPowerCov(x, { small: 'floor' }),
    oracle: (rows) => ofCovariance(rows, root),
    exactGradient: true,
  },
  {
    name: 'scalingEigenBranchCov',
    compute: (x) => scalingEigenBranchCov(x),
    oracle: (rows) =>
      ofCovariance(rows, (lambda) => {
        const n = Math.sqrt(lambda.reduce((sum, value) => sum + value * Math.exp(-2 * value), 0));
        return root(lambda).map((value) => value * (1 + n));
      }),
    exactGradient: true,
  },
  // 1e-6 on the diagonal
  {
    name: 'choleskyLogCov',
    compute: (x) => choleskyLogCov(x),
    oracle: choleskyOracle,
    exactGradient: true,
    scale: 1e-3,
  },
];
