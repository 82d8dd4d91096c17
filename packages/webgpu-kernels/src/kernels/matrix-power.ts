import { type PowerGradient, ruleOf } from './loewner.ts';
import { spectralKernels } from './spectral-operation.ts';

/** The options of @covpool/matrix-power's matrixPower, all given. Float32 here whatever the precision. */
interface Attributes {
  alpha: number;
  epsilon: number;
  norm: 'none' | 'm-l2' | 'm-fro';
  gradient: PowerGradient;
  small: 'cut' | 'floor';
}

/**
 * `h(λ) = (λ + ε)^α` and its slope; the square root by itself, which is rounded correctly or nearly so. Small eigenvalues are cut (to 0)
 * or raised: cut is what lies below the error of float32 eigenvalues, about 4√d·2⁻²⁴ of the largest, or MPN-COV's spacing of
 * float32 numbers; the floor is DifferentiableSVD's for float32, 2⁻²³.
 */
const POWER = `
fn kept(value: f32, top: f32, i: u32) -> f32 {
  if (sizes.cut == 1u) {
    let noise = max(4.0 * sqrt(f32(sizes.d)) * 0x1p-24, 0x1p-23);
    return select(0.0, value, value > noise * max(top, 0.0));
  }
  return select(0x1p-23, max(value, 0x1p-23), i < sizes.top);
}
fn h(lambda: f32) -> f32 {
  if (sizes.cut == 1u && lambda <= 0.0) { return 0.0; }
  if (sizes.alpha == 0.5) { return sqrt(lambda + sizes.epsilon); }
  return pow(lambda + sizes.epsilon, sizes.alpha);
}
fn slope(lambda: f32) -> f32 {
  if (sizes.cut == 1u && lambda <= 0.0) { return 0.0; }
  if (sizes.alpha == 0.5) { return 0.5 / sqrt(lambda + sizes.epsilon); }
  return sizes.alpha * pow(lambda + sizes.epsilon, sizes.alpha - 1.0);
}
/** Whether the eigenvalue counts in the norm: 1 or 0. */
fn counts(i: u32) -> f32 { return select(0.0, 1.0, sizes.norm == 2u || (sizes.norm == 1u && i == 0u)); }
`;

export const matrixPowerKernels = spectralKernels<Attributes>({
  name: 'MatrixPower',
  settings: ({ alpha, epsilon, norm, gradient, small }, d) => ({
    sizes: {
      cut: Number(small === 'cut'),
      norm: ['none', 'm-l2', 'm-fro'].indexOf(norm),
      // SVD-TopN keeps 206 of 256.
      top: gradient === 'topn' ? Math.round((206 / 256) * d) : d,
    },
    scalars: { alpha, epsilon },
  }),
  functions: POWER,
  // log s = −log(Σ h²)/2 over the eigenvalues that count
  factor: {
    term: 'counts(i) * h(lambda) * h(lambda)',
    s: 'select(1.0, inverseSqrt(total), total > 0.0)',
    logSlope: '-counts(i) * s * s * h(a) * slope(a)',
  },
  rule({ gradient, small }) {
    const rule = ruleOf(gradient, small);
    return { ...rule, entry: `select(${rule.entry}, 0.0, sizes.cut == 1u && a <= 0.0 && b <= 0.0)` };
  },
});
