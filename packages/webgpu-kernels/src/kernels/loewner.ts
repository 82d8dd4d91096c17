/**
 * The rules of @covpool/matrix-power for the gradient `dA = U (L∘UᵀGU) Uᵀ` of a function of eigenvalues, in WGSL and float32:
 * expressions of L at i ≠ j. `a` and `b` are the eigenvalues i and j, `fa` and `fb` the function s·h there, `sum` that of all eigenvalues.
 */
export type PowerGradient =
  | 'exact'
  | 'k-matrix'
  | 'trunc'
  | 'topn'
  | 'taylor'
  | 'pade'
  | 'pi'
  | 'pi-released'
  | 'newton';

export interface Rule {
  /** Functions that the expressions call. */
  functions?: string;
  /** L_ij. */
  entry: string;
  /** L_ii; absent: the slope. */
  diagonal?: string;
  /** What H_ii adds to all of the diagonal; absent: nothing. */
  shift?: string;
}

/** `1 + x + … + x^degree` */
const GEOMETRIC = `
fn geometric(x: f32, degree: u32) -> f32 {
  var sum = 1.0;
  for (var k = 0u; k < degree; k++) { sum = sum * x + 1.0; }
  return sum;
}`;

/** Through a matrix K of eigenvalue differences: `K_ij f_i + K_ji f_j`. */
const throughK = (k: string, functions = ''): Rule => ({
  functions: `${functions}
fn difference(a: f32, b: f32) -> f32 { ${k} }`,
  entry: 'difference(a, b) * fa + difference(b, a) * fb',
});

const throughRatio = (f: string, functions = ''): Rule =>
  throughK(
    'if (a >= b) { return ratio(b / a) / a; } return -ratio(a / b) / b;',
    `${functions}
fn ratio(x: f32) -> f32 { return ${f}; }`,
  );

/** Where two eigenvalues differ by less than this share, the slope half-way replaces the quotient. */
const NEAR = 1e-2;

/**
 * Of the square root `(f_i − f_j)/(λ_i − λ_j) = s²/(f_i + f_j)`, which cancels nothing; of other powers the quotient, which errs
 * by some 2⁻²⁴/NEAR, or near the diagonal the slope, which errs by NEAR²/32.
 */
const exact: Rule = {
  functions: `
fn quotient(a: f32, b: f32, fa: f32, fb: f32, s: f32) -> f32 {
  if (sizes.alpha == 0.5 && fa > 0.0 && fb > 0.0) { return s * s / (fa + fb); }
  if (abs(a - b) <= ${NEAR} * max(abs(a), abs(b))) { return s * slope(0.5 * (a + b)); }
  return (fa - fb) / (a - b);
}`,
  entry: 'quotient(a, b, fa, fb, s)',
};

/** Ten Newton–Schulz steps on numbers, and their divided difference. */
const NEWTON = `
fn rootDifference(a: f32, b: f32) -> f32 {
  var ya = a; var yb = b; var za = 1.0; var zb = 1.0; var dy = 1.0; var dz = 0.0;
  for (var k = 0u; k < 10u; k++) {
    let ta = 1.5 - 0.5 * za * ya;
    let tb = 1.5 - 0.5 * zb * yb;
    let dt = -0.5 * (za * dy + dz * yb);
    dy = ya * dt + dy * tb;
    dz = ta * dz + dt * zb;
    ya *= ta; za *= ta; yb *= tb; zb *= tb;
  }
  return dy;
}
fn rootIterate(a: f32) -> f32 {
  var y = a; var z = 1.0;
  for (var k = 0u; k < 10u; k++) { let t = 1.5 - 0.5 * z * y; y *= t; z *= t; }
  return y;
}`;

/** Differences that vanish give the largest finite K of the matrix. */
const original = throughK(
  'let gap = a - b; if (gap == 0.0) { if (smallestGap == 0.0) { return 0.0; } return 1.0 / smallestGap; } return 1.0 / gap;',
);

const ofPairs: Record<Exclude<PowerGradient, 'k-matrix'>, Rule> = {
  exact,
  trunc: throughK(
    'let gap = a - b; if (gap == 0.0) { return 1e10; } return clamp(1.0 / gap, -1e10, 1e10);', //
  ),
  topn: original,
  taylor: throughRatio('geometric(x, 100u)', GEOMETRIC),
  pade: throughRatio('1.0 / max(1.0 - x, 1.2e-7)'),
  pi: {
    functions: `${GEOMETRIC}
fn deflated(large: f32, small: f32, first: bool) -> f32 {
  if (first) { return geometric(small / large, 19u) / large; }
  return -geometric(small / large, 18u) / large;
}`,
    entry: `deflated(select(b, a, i < j), select(a, b, i < j), i < j) * fa
      + deflated(select(b, a, i < j), select(a, b, i < j), j < i) * fb`,
  },
  'pi-released': { entry: '0.0', diagonal: '0.0' },
  newton: {
    functions: NEWTON,
    entry: 'rootDifference(a / sum, b / sum) / sqrt(sum)',
    diagonal: 'rootDifference(a / sum, a / sum) / sqrt(sum)',
    shift: '0.5 * rootIterate(a / sum) / sqrt(sum) - (a / sum) * rootDifference(a / sum, a / sum) / sqrt(sum)',
  },
};

/** The rule of a gradient; K of MPN-COV if small eigenvalues are cut, of DifferentiableSVD if they are raised. */
export function ruleOf(gradient: PowerGradient, small: 'cut' | 'floor'): Rule {
  if (gradient !== 'k-matrix') return ofPairs[gradient];
  return small === 'floor'
    ? original
    : throughK('if (a == b || a == 0.0 || b == 0.0) { return 0.0; } return 1.0 / (a - b);');
}
