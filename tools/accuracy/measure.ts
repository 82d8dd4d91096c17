import { flatten, frobenius, type Matrix, minus, seededValues, toMatrix } from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';

const asTensor = (rows: Matrix): Tensor => tensor([rows]);

/** A tensor's one matrix. */
async function matrixOf(result: Tensor): Promise<Matrix> {
  const values = toMatrix(await result.data(), result.shape.at(-1)!);
  result.dispose();
  return values;
}

/** `‖Q − Q*‖ / ‖Q*‖`, Q* in float64; ‖Q‖ itself where Q* is zero. */
export async function valueError(compute: (x: Tensor) => Tensor, rows: Matrix, expected: Matrix): Promise<number> {
  const found = await matrixOf(tidy(() => compute(asTensor(rows))));
  return frobenius(minus(found, expected)) / (frobenius(expected) || 1);
}

/** The gradient [M,d] of ⟨W, f(X)⟩. */
export async function gradientOf(compute: (x: Tensor) => Tensor, rows: Matrix, w: Matrix): Promise<Matrix> {
  return matrixOf(tidy(() => grad((x: Tensor) => sum(mul(compute(x), asTensor(w))))(asTensor(rows))));
}

/** Derivatives of ⟨W, f(X)⟩ in float64 along directions with entries of size 1. */
export function derivatives(
  oracle: (rows: Matrix) => Matrix,
  rows: Matrix,
  w: Matrix,
  step: number,
): { direction: Matrix; value: number }[] {
  const weights = flatten(w);
  return [0, 1, 2].map((key) => {
    const direction = toMatrix(seededValues(rows.length * rows[0]!.length, 'direction', key), rows[0]!.length);
    const at = (factor: number): number =>
      flatten(oracle(rows.map((row, i) => row.map((value, j) => value + factor * step * direction[i]![j]!)))).reduce(
        (total, value, i) => total + value * weights[i]!,
        0,
      );
    // Error of the fourth order in the step.
    return { direction, value: (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step) };
  });
}

/** `‖dX − dX*‖ / ‖dX*‖`, both seen along the directions only. */
export function gradientError(gradient: Matrix, along: { direction: Matrix; value: number }[]): number {
  const found = flatten(gradient);
  let [error, size] = [0, 0];
  for (const { direction, value } of along) {
    const entries = flatten(direction);
    const own = found.reduce((total, entry, i) => total + entry * entries[i]!, 0);
    error += (own - value) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(error / size);
}
