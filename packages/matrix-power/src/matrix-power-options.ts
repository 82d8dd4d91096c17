import { checkArgument, unknownName } from '@covpool/base';
import type { Precision } from './symmetric-eigen.ts';

/** Post-normalisation by a norm of the power: the spectral norm, or the Frobenius norm. */
export type PowerNorm = 'none' | 'm-l2' | 'm-fro';

/**
 * How the gradient flows through the eigendecomposition: by divided differences, exact; or through the matrix K of eigenvalue
 * differences as published (`k-matrix`), clamped (`trunc`), with the smallest eigenvalues raised (`topn`), from a Taylor or a
 * Padé form of 1/(1−x), by power iteration (`pi`, and `pi-released`, which is zero), or from Newton–Schulz iterates (`newton`).
 */
export type PowerGradient = (typeof powerGradients)[number];

export const powerGradients = [
  'exact',
  'k-matrix',
  'trunc',
  'topn',
  'taylor',
  'pade',
  'pi',
  'pi-released',
  'newton',
] as const;

/** What happens to eigenvalues that are as good as zero: MPN-COV drops them, DifferentiableSVD raises them to 2⁻⁵². */
export type SmallEigenvalueRule = 'cut' | 'floor';

export interface MatrixPowerOptions {
  /** α > 0; 1/2, the square root, is the best in the literature. */
  alpha?: number;
  /** Added to every eigenvalue that is kept. */
  epsilon?: number;
  norm?: PowerNorm;
  gradient?: PowerGradient;
  /** The default is that of the publication: `cut` for `exact` and `k-matrix`, `floor` for the others. */
  small?: SmallEigenvalueRule;
  /** `single` decomposes a float32 covariance in float32, to see what that costs; the floor is 2⁻²³ then. */
  precision?: Precision;
}

export type ResolvedMatrixPower = Required<MatrixPowerOptions>;

/** Fills in the defaults and checks. */
export function resolveMatrixPower(
  who: string,
  { alpha = 0.5, epsilon = 0, norm = 'none', gradient = 'exact', small, precision = 'double' }: MatrixPowerOptions,
): ResolvedMatrixPower {
  checkArgument(alpha > 0 && alpha < Infinity, () => `${who}: alpha must be a positive number, got ${alpha}`);
  checkArgument(epsilon >= 0 && epsilon < Infinity, () => `${who}: epsilon must be a number from 0, got ${epsilon}`);
  if (!['none', 'm-l2', 'm-fro'].includes(norm)) throw unknownName(who, 'norm', norm, ['none', 'm-l2', 'm-fro']);
  if (!powerGradients.includes(gradient)) throw unknownName(who, 'gradient', gradient, powerGradients);
  const rule = small ?? (gradient === 'exact' || gradient === 'k-matrix' ? 'cut' : 'floor');
  if (!['cut', 'floor'].includes(rule)) throw unknownName(who, 'rule for small eigenvalues', rule, ['cut', 'floor']);
  if (!['double', 'single'].includes(precision)) throw unknownName(who, 'precision', precision, ['double', 'single']);
  checkArgument(
    gradient !== 'newton' || (alpha === 0.5 && epsilon === 0 && norm === 'none'),
    () => `${who}: gradient 'newton' is that of the plain square root; leave alpha, epsilon and norm out`,
  );
  return { alpha, epsilon, norm, gradient, small: rule, precision };
}
