import { covarianceOracle, type Matrix, minus, scale, times, transpose } from '@covpool/testing';

/** A weight of a layer as numbers. */
export type Weights = Record<string, number[]>;

/** A picture's features as rows [H·W, C], with the width of the map. */
export interface Picture {
  rows: Matrix;
  width: number;
}

export interface OracleOptions {
  weights: Weights;
  training: boolean;
}

const relu = (x: Matrix): Matrix => x.map((row) => row.map((value) => Math.max(value, 0)));
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
const average = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The map of one channel to h×w, cell by cell. */
export function adaptivePoolOracle(plane: Matrix, h: number, w: number): Matrix {
  const cell = (extent: number, to: number, i: number): [number, number] => [
    Math.floor((i * extent) / to),
    Math.ceil(((i + 1) * extent) / to),
  ];
  return Array.from({ length: h }, (_, i) =>
    Array.from({ length: w }, (__, j) => {
      const rows = plane.slice(...cell(plane.length, h, i));
      return average(rows.flatMap((row) => row.slice(...cell(plane[0]!.length, w, j))));
    }),
  );
}

/** `(1/M) V Vᵀ − (c/M)² m mᵀ` of rows V [M,c], or what it should be. */
export function spatialCovarianceOracle(v: Matrix, reference: boolean): Matrix {
  if (!reference) return covarianceOracle(transpose(v));
  const m = v.map((row) => [average(row)]);
  const positions = v.length;
  return minus(
    scale(times(v, transpose(v)), 1 / positions),
    scale(times(m, transpose(m)), (v[0]!.length / positions) ** 2),
  );
}

/** `Q[i·N + n] = Σ_j P[i,j]·K[j, i·N + n] + bias[i·N + n]`, K as in the layer: [C, R·N]. */
export function rowConvolutionOracle(p: Matrix, kernel: Matrix, bias: number[]): number[] {
  const each = bias.length / p.length;
  return bias.map((offset, k) => p[Math.floor(k / each)]!.reduce((sum, v, j) => sum + v * kernel[j]![k]!, offset));
}

/** Batch normalisation of the columns of a batch of matrices, by the statistics of the batch or by the running ones. */
function batchNorm(batch: Matrix[], name: string, { weights, training }: OracleOptions): Matrix[] {
  const [gamma, beta] = [weights[`${name}.weight`]!, weights[`${name}.bias`]!];
  const columns = transpose(batch.flat());
  const means = training ? columns.map(average) : weights[`${name}.running_mean`]!;
  const variances = training
    ? columns.map((column, j) => average(column.map((value) => (value - means[j]!) ** 2)))
    : weights[`${name}.running_var`]!;
  const normalise = (v: number, j: number) =>
    (gamma[j]! * (v - means[j]!)) / Math.sqrt(variances[j]! + 1e-5) + beta[j]!;
  return batch.map((x) => x.map((row) => row.map(normalise)));
}

/** A dense layer on rows, its weight [in, out]. */
function dense(x: Matrix, name: string, { weights }: OracleOptions): Matrix {
  const bias = weights[`${name}.bias`]!;
  const kernel = weights[`${name}.weight`]!;
  const matrix = Array.from({ length: kernel.length / bias.length }, (_, i) =>
    kernel.slice(i * bias.length, (i + 1) * bias.length),
  );
  return times(x, matrix).map((row) => row.map((value, j) => value + bias[j]!));
}

/** Steps 5 to 9 of spec 7.1 for a batch of matrices. */
function excitation(batch: Matrix[], suffix: string, rectify: boolean, options: OracleOptions): Matrix {
  const normalised = batchNorm(batch.map(transpose), `row_bn${suffix}`, options).map(transpose);
  const name = `row_conv_group${suffix}`;
  const bias = options.weights[`${name}.bias`]!;
  const flat = options.weights[`${name}.weight`]!;
  const kernel = Array.from({ length: flat.length / bias.length }, (_, j) =>
    flat.slice(j * bias.length, (j + 1) * bias.length),
  );
  const convolved = normalised.map((p) => rowConvolutionOracle(p, kernel, bias));
  return dense(rectify ? relu(convolved) : convolved, `fc_adapt_channels${suffix}`, options).map((row) =>
    row.map(sigmoid),
  );
}

/** The channel block of spec 7.1, step by step; `strides` of its first convolution. */
export function channelAttentionOracle(pictures: Picture[], strides: number, options: OracleOptions): Matrix[] {
  const sampled = pictures.map(({ rows, width }) =>
    rows.filter((_, i) => Math.floor(i / width) % strides === 0 && (i % width) % strides === 0),
  );
  const reduced = sampled.map((rows) => dense(relu(rows), 'conv_for_DR', options));
  const covariances = batchNorm(reduced, 'bn_for_DR', options).map((rows) => covarianceOracle(relu(rows)));
  const attention = excitation(covariances, '', false, options);
  return pictures.map(({ rows }, b) => rows.map((row) => row.map((value, j) => value * attention[b]![j]!)));
}

/** The spatial block of spec 7.3. */
export function spatialAttentionOracle(pictures: Picture[], reference: boolean, options: OracleOptions): Matrix[] {
  const reduced = pictures.map(({ rows }) => dense(relu(rows), 'conv_for_DR_spatial', options));
  const matrices = batchNorm(reduced, 'bn_for_DR_spatial', options).map((rows, b) => {
    const channels = transpose(rows).map((values) =>
      adaptivePoolOracle(plane(values, pictures[b]!.width), 8, 8).flat(),
    );
    return spatialCovarianceOracle(transpose(channels), reference);
  });
  const attention = excitation(matrices, '_for_spatial', true, options);
  return pictures.map(({ rows, width }, b) => {
    const back = adaptivePoolOracle(plane(attention[b]!, 8), rows.length / width, width).flat();
    return relu(rows.map((row, i) => row.map((value) => value * back[i]!)));
  });
}

const plane = (values: number[], width: number): Matrix =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
