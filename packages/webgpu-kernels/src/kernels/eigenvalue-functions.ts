import { type PowerGradient, type Rule, ruleOf } from './loewner.ts';
import { spectralKernels } from './spectral-operation.ts';

/** No eigenvalue is clipped from above. */
const UNBOUNDED = 3e38;

/** A total below the square of 1e-12 counts as that of no eigenvalue. */
const NO_NORM = '1e-24';

/**
 * `h(λ) = g(clip(λ, lowest, highest))` of g(x), its slope, and its divided difference at p and q, in a form that cancels nothing. Clipping is
 * exact, so that its own divided difference is too.
 */
const clipped = (g: string, slope: string, quotient: string): string => `
fn kept(value: f32, top: f32, i: u32) -> f32 { return value; }
fn h(lambda: f32) -> f32 {
  let x = clamp(lambda, sizes.lowest, sizes.highest);
  return ${g};
}
fn slope(lambda: f32) -> f32 {
  if (lambda < sizes.lowest || lambda > sizes.highest) { return 0.0; }
  let x = lambda;
  return ${slope};
}
fn quotient(a: f32, b: f32) -> f32 {
  if (a == b) { return slope(a); }
  let p = clamp(a, sizes.lowest, sizes.highest);
  let q = clamp(b, sizes.lowest, sizes.highest);
  return ${quotient} * ((p - q) / (a - b));
}
`;

const exact: Rule = { entry: 's * quotient(a, b)' };

/** ReEig of Huang & Van Gool: eigenvalues clipped to a range. */
const reEig = spectralKernels<{ lowest: number; highest: number }>({
  name: 'ReEig',
  settings: ({ lowest, highest }) => ({ scalars: { lowest, highest } }),
  functions: clipped('x', '1.0', '1.0'),
  rule: () => exact,
});

/** `(log p − log q)/(p − q)`; of near ones the series of 2 artanh z, z = (p − q)/(p + q), whose next term is below 2e-9. */
const LOG_QUOTIENT = `
fn logQuotient(p: f32, q: f32) -> f32 {
  let z = (p - q) / (p + q);
  let w = z * z;
  if (w < 0.01) { return 2.0 / (p + q) * (1.0 + w * (1.0 / 3.0 + w * (0.2 + w / 7.0))); }
  return log(p / q) / (p - q);
}`;

/** LogEig of Huang & Van Gool: logarithms of eigenvalues, raised to the floor. */
const logEig = spectralKernels<{ floor: number }>({
  name: 'LogEig',
  settings: ({ floor }) => ({ scalars: { lowest: floor, highest: UNBOUNDED } }),
  functions: LOG_QUOTIENT + clipped('log(x)', '1.0 / x', 'logQuotient(p, q)'),
  rule: () => exact,
});

/** IDCCP's root, over the norm of all eigenvalues, clipped or not, of each matrix. */
const eigenRoot = spectralKernels<{ norm: 'image' | 'batch' }>({
  name: 'EigenRoot',
  settings: ({ norm }) => ({ scalars: { lowest: 1e-6, highest: 1e6, counted: Number(norm === 'image') } }),
  functions: clipped('sqrt(x)', '0.5 / sqrt(x)', '1.0 / (sqrt(p) + sqrt(q))'),
  factor: {
    term: 'sizes.counted * lambda * lambda',
    s: `select(inverseSqrt(total), 1.0, total < ${NO_NORM})`,
    logSlope: `select(-a / total, 0.0, total < ${NO_NORM})`,
  },
  rule: () => exact,
});

/** Eigenvalues are raised to what float32 tells from zero beside 1: 2⁻²³, as those of powers are. */
const SCALED_ROOT = `
fn kept(value: f32, top: f32, i: u32) -> f32 { return max(value, 0x1p-23); }
fn h(lambda: f32) -> f32 { return sqrt(lambda); }
fn slope(lambda: f32) -> f32 { return 0.5 / sqrt(lambda); }
fn quotient(a: f32, b: f32) -> f32 { return 1.0 / (sqrt(a) + sqrt(b)); }
`;

/** The scaling eigen branch of Song, Sebe & Wang: `√λ·(1 + n)`, `n² = Σ λ e^(−2λ)`, which underflows where all are large. */
const scalingEigenBranch = spectralKernels<{ gradient: Extract<PowerGradient, 'exact' | 'k-matrix'> }>({
  name: 'ScalingEigenBranch',
  settings: () => ({}),
  functions: SCALED_ROOT,
  factor: {
    term: 'lambda * exp(-2.0 * lambda)',
    s: '1.0 + sqrt(total)',
    logSlope: 'select(exp(-2.0 * a) * (0.5 - a) / (sqrt(total) * s), 0.0, total < 1e-30)',
  },
  rule: ({ gradient }) => (gradient === 'exact' ? exact : ruleOf(gradient, 'floor')),
});

export const eigenvalueFunctionKernels = [...reEig, ...logEig, ...eigenRoot, ...scalingEigenBranch];
