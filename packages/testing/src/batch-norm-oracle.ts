import { seededValues } from './seeded-tensor.ts';

/** Arguments of a batch normalisation, channels last, and the gradient of its result. */
export interface BatchNormCase {
  shape: number[];
  x: number[];
  scale: number[];
  offset: number[];
  dy: number[];
}

/** Seeded ones; `mean` is about that of x. */
export function batchNormCase(shape: number[], mean = 0.5): BatchNormCase {
  const channels = shape.at(-1)!;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const x = seededValues(size, 'x', ...shape).map((value) => Math.fround(value + mean));
  const [scale, offset] = ['scale', 'offset'].map((key) => seededValues(channels, key)) as [number[], number[]];
  return { shape, x, scale, offset, dy: seededValues(size, 'dy', ...shape) };
}

/** Batch normalisation by the batch's own biased statistics, and its gradients, by definition. */
export function batchNormOracle(
  { x, scale, offset, dy = x.map(() => 0) }: Omit<BatchNormCase, 'shape' | 'dy'> & { dy?: number[] },
  epsilon: number,
) {
  const channels = scale.length;
  const rows = x.length / channels;
  const perChannel = (value: (index: number, channel: number) => number): number[] =>
    scale.map((_, c) => {
      let total = 0;
      for (let row = 0; row < rows; row++) total += value(row * channels + c, c);
      return total;
    });
  const mean = perChannel((i) => x[i]! / rows);
  const variance = perChannel((i, c) => (x[i]! - mean[c]!) ** 2 / rows);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + epsilon));
  const normal = x.map((value, i) => (value - mean[i % channels]!) * inverse[i % channels]!);
  const y = normal.map((value, i) => value * scale[i % channels]! + offset[i % channels]!);
  const dOffset = perChannel((i) => dy[i]!);
  const dScale = perChannel((i) => dy[i]! * normal[i]!);
  const dx = dy.map((g, i) => {
    const c = i % channels;
    return scale[c]! * inverse[c]! * (g - dOffset[c]! / rows - (normal[i]! * dScale[c]!) / rows);
  });
  return { y, mean, variance, dx, dScale, dOffset };
}

/** Arguments of a batch normalisation by given statistics. */
export interface GivenBatchNormCase extends BatchNormCase {
  mean: number[];
  variance: number[];
}

/** Seeded ones, with variances from 0.1 up; `mean` is about that of x and of the given means. */
export function givenBatchNormCase(shape: number[], mean = 0.5): GivenBatchNormCase {
  const channels = shape.at(-1)!;
  return {
    ...batchNormCase(shape, mean),
    mean: seededValues(channels, 'mean').map((value) => Math.fround(value + mean)),
    variance: seededValues(channels, 'variance').map((value) => Math.fround(value ** 2 + 0.1)),
  };
}

/** `scale·(x − mean)/√(variance + ε) + offset`, by definition. */
export function givenBatchNormOracle(
  { x, scale, offset, mean, variance }: Omit<GivenBatchNormCase, 'shape' | 'dy'>,
  epsilon: number,
): number[] {
  return x.map((value, i) => {
    const c = i % scale.length;
    return (scale[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + offset[c]!;
  });
}
