/**
 * The gradient of a scalar function of float64 numbers by central differences: error about h² f‴/6 + 2⁻⁵²·f/h, some 1e-9
 * relative for smooth functions at the default step.
 */
export function numericGradient(f: (values: number[]) => number, at: ArrayLike<number>, step = 1e-4): number[] {
  const values = Array.from(at);
  return values.map((value, i) => {
    values[i] = value + step;
    const above = f(values);
    values[i] = value - step;
    const below = f(values);
    values[i] = value;
    return (above - below) / (2 * step);
  });
}
