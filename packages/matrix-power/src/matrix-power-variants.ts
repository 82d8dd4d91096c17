import type { MethodEntry } from '@covpool/core';
import type { MatrixPowerOptions } from './matrix-power-options.ts';

/** A published use of the matrix power, as pooling and as normalisation. */
interface MatrixPowerVariant extends Pick<MethodEntry, 'summary' | 'paper' | 'gradient' | 'engines'> {
  name: string;
  preset: MatrixPowerOptions;
  /** The options that are left to choose. */
  options: readonly (keyof MatrixPowerOptions)[];
}

const SVD_PAPER = 'Song, Sebe & Wang, Why Approximate Matrix Square Root Outperforms Accurate SVD in GCP?, ICCV 2021';

const svd = (
  name: string,
  gradient: MatrixPowerOptions['gradient'],
  summary: string,
  kind: MethodEntry['gradient'],
): MatrixPowerVariant => ({
  name,
  preset: { gradient, small: 'floor' },
  options: ['precision'],
  summary: `square root by eigendecomposition; ${summary}`,
  paper: SVD_PAPER,
  gradient: kind,
  engines: 'host-and-webgpu',
});

/** The names under which the registries know the matrix power. */
export const matrixPowerVariants: readonly MatrixPowerVariant[] = [
  {
    name: 'mpn',
    preset: {},
    options: ['alpha', 'epsilon', 'norm', 'gradient', 'small', 'precision'],
    summary: 'power by eigendecomposition, float64; exact gradient',
    paper: 'Li, Xie, Wang & Zuo, Is Second-order Information Helpful for Large-scale Visual Recognition?, ICCV 2017',
    gradient: 'analytic',
    engines: 'host-and-webgpu',
  },
  svd('svd', 'k-matrix', 'gradient through K as published', 'approximate'),
  svd('svd-exact', 'exact', 'gradient by divided differences', 'analytic'),
  svd('svd-trunc', 'trunc', 'K clamped', 'approximate'),
  svd('svd-topn', 'topn', 'the smallest fifth of the eigenvalues set to the floor', 'approximate'),
  svd('svd-taylor', 'taylor', 'K from a Taylor polynomial of degree 100', 'approximate'),
  svd('svd-pade', 'pade', 'K from a Padé approximant', 'approximate'),
  svd('svd-pi', 'pi', 'gradient of power iteration with deflation', 'approximate'),
  svd('svd-newton', 'newton', 'gradient of Newton–Schulz iterates', 'approximate'),
];
