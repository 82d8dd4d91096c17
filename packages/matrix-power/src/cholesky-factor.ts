/**
 * The lower Cholesky factor L of `A + εI`, row by row, above the diagonal zeros. In exact arithmetic no pivot of a positive
 * semi-definite A is below ε; those that rounding takes there are raised to it.
 */
export function choleskyFactor(a: ArrayLike<number>, d: number, epsilon: number): Float64Array {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * d + j]! + (i === j ? epsilon : 0);
      for (let k = 0, p = i * d, q = j * d; k < j; k++, p++, q++) rest -= l[p]! * l[q]!;
      l[i * d + j] = i === j ? Math.sqrt(Math.max(rest, epsilon)) : rest / l[j * d + j]!;
    }
  }
  return l;
}

/**
 * The symmetric gradient with respect to A from that with respect to the lower triangle of L, which is used up: the
 * factorisation's steps in reverse (Smith 1995). Raised pivots pass nothing on.
 */
export function choleskyGradient(l: Float64Array, dl: Float64Array, d: number, epsilon: number): Float64Array {
  const da = new Float64Array(d * d);
  const raised = Math.sqrt(epsilon);
  for (let i = d - 1; i >= 0; i--) {
    for (let j = i; j >= 0; j--) {
      const pivot = l[j * d + j]!;
      let g: number;
      if (i === j) g = pivot === raised ? 0 : dl[i * d + i]! / (2 * pivot);
      else {
        g = dl[i * d + j]! / pivot;
        dl[j * d + j]! -= g * l[i * d + j]!;
      }
      for (let k = 0, p = i * d, q = j * d; k < j; k++, p++, q++) {
        dl[p]! -= g * l[q]!;
        dl[q]! -= g * l[p]!;
      }
      da[i * d + j]! += g / 2;
      da[j * d + i]! += g / 2;
    }
  }
  return da;
}
