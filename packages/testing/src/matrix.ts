/** Float64 matrices for oracles: plain, row-major, unhurried. */
export type Matrix = number[][];

export const identity = (d: number): Matrix =>
  Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)));

export const diagonal = (values: number[]): Matrix =>
  values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));

export const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));

export const scale = (a: Matrix, factor: number): Matrix => a.map((row) => row.map((value) => value * factor));

export const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!));

export const minus = (a: Matrix, b: Matrix): Matrix => plus(a, scale(b, -1));

export const times = (a: Matrix, b: Matrix): Matrix => {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, value, k) => sum + value * column[k]!, 0)));
};

/** `V A Vᵀ`. */
export const conjugate = (a: Matrix, v: Matrix): Matrix => times(times(v, a), transpose(v));

export const trace = (a: Matrix): number => a.reduce((sum, row, i) => sum + row[i]!, 0);

export const inner = (a: Matrix, b: Matrix): number =>
  a.reduce((sum, row, i) => sum + row.reduce((part, value, j) => part + value * b[i]![j]!, 0), 0);

export const frobenius = (a: Matrix): number => Math.sqrt(inner(a, a));

export const flatten = (a: Matrix): number[] => a.flat();

export const toMatrix = (values: ArrayLike<number>, columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, i) =>
    Array.from({ length: columns }, (_, j) => values[i * columns + j]!),
  );

/** Upper triangle with the diagonal, row by row. */
export const triu = (a: Matrix): number[] => a.flatMap((row, i) => row.slice(i));

/** The symmetric matrix [d,d] of an upper triangle. */
export function fromTriu(upper: ArrayLike<number>, d: number): Matrix {
  const full = identity(d);
  let k = 0;
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) full[i]![j] = full[j]![i] = upper[k++]!;
  return full;
}

/** Eigenvalues, descending, and eigenvectors as columns, by cyclic Jacobi rotations. */
export function eigen(symmetric: Matrix): { values: number[]; vectors: Matrix } {
  const d = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const v = identity(d);
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) off += a[p]![q]! ** 2;
    if (off < 1e-30 * inner(a, a)) break;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(a, v, p, q);
  }
  const order = a.map((row, i) => ({ value: row[i]!, i })).sort((m, n) => n.value - m.value);
  return { values: order.map(({ value }) => value), vectors: v.map((row) => order.map(({ i }) => row[i]!)) };
}

/** The same with the largest entry of each vector positive, as `eigh` gives them. */
export function signedEigen(symmetric: Matrix): { values: number[]; vectors: Matrix } {
  const { values, vectors } = eigen(symmetric);
  const columns = transpose(vectors).map((column) => {
    const largest = column.reduce((p, q) => (Math.abs(q) > Math.abs(p) ? q : p));
    return column.map((value) => value * Math.sign(largest));
  });
  return { values, vectors: transpose(columns) };
}

function rotate(a: Matrix, v: Matrix, p: number, q: number): void {
  const apq = a[p]![q]!;
  if (apq === 0) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < a.length; k++) {
    const [akp, akq] = [a[k]![p]!, a[k]![q]!];
    a[k]![p] = c * akp - s * akq;
    a[k]![q] = s * akp + c * akq;
  }
  for (let k = 0; k < a.length; k++) {
    const [apk, aqk] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = c * apk - s * aqk;
    a[q]![k] = s * apk + c * aqk;
    const [vkp, vkq] = [v[k]![p]!, v[k]![q]!];
    v[k]![p] = c * vkp - s * vkq;
    v[k]![q] = s * vkp + c * vkq;
  }
}

/** `U f(Λ) Uᵀ` of a symmetric matrix. */
export function spectral(symmetric: Matrix, f: (eigenvalue: number) => number): Matrix {
  const { values, vectors } = eigen(symmetric);
  return conjugate(diagonal(values.map(f)), vectors);
}
