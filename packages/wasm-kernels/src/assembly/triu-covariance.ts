import { covarianceGradient, covarianceOf, covarianceScratch } from './covariance';
import { triangles } from './triangle';

// Matrices of side d are made and used one at a time in scratch, so that they stay in the cache.

/** Bytes of a matrix [m,n], a multiple of 16. */
export function matrixBytes(m: i32, n: i32): usize {
  return (((<usize>m * <usize>n) << 2) + 15) & ~15;
}

/** Bytes of scratch for `triuCovarianceForward` and `triuCovarianceGradient`. */
export function triuCovarianceScratch(m: i32, d: i32): usize {
  return covarianceScratch(m, d) + matrixBytes(d, d);
}

/** The upper triangles [d(d+1)/2] of the covariances of `count` pictures [m,d], row by row or column by column. */
export function triuCovarianceForward(
  x: usize,
  v: usize,
  count: i32,
  m: i32,
  d: i32,
  byColumns: i32,
  scratch: usize,
): void {
  const sigma = scratch + covarianceScratch(m, d);
  for (let i = 0; i < count; ++i) {
    covarianceOf(x, sigma, m, d, 1, 0, scratch);
    triangles(sigma, v, 1, d, byColumns, 0);
    x += (<usize>(m * d)) << 2;
    v += (<usize>((d * (d + 1)) / 2)) << 2;
  }
}

/** Its gradient: `X̄ (G + Gᵀ)/M` with what comes from above, dv, in the upper triangle of G. */
export function triuCovarianceGradient(
  dv: usize,
  x: usize,
  dx: usize,
  count: i32,
  m: i32,
  d: i32,
  byColumns: i32,
  scratch: usize,
): void {
  const g = scratch + covarianceScratch(m, d);
  for (let i = 0; i < count; ++i) {
    triangles(g, dv, 1, d, byColumns, 1);
    covarianceGradient(g, x, dx, 1, m, d, 1, scratch);
    x += (<usize>(m * d)) << 2;
    dx += (<usize>(m * d)) << 2;
    dv += (<usize>((d * (d + 1)) / 2)) << 2;
  }
}
