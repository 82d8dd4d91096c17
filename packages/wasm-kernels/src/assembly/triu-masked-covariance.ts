import { covarianceGradient, covarianceOf, covarianceScratch } from './covariance';
import { matrixBytes, triuCovarianceScratch } from './triu-covariance';

// The channels that a mask keeps, each times its factor, stand side by side in scratch; the others cost nothing.

/** Bytes of scratch for `triuMaskedCovarianceForward` and `triuMaskedCovarianceGradient`. */
export function triuMaskedCovarianceScratch(m: i32, d: i32): usize {
  return triuCovarianceScratch(m, d) + 2 * matrixBytes(m, d) + 4 * matrixBytes(1, d);
}

/** Which channels are kept, as bytes from the row's beginning, and their factors; returns how many. */
function keptChannels(weights: usize, mask: usize, d: i32, places: usize, factors: usize): i32 {
  let kept = 0;
  for (let c = 0; c < d; ++c) {
    const at = (<usize>c) << 2;
    const scale = load<f32>(mask + at);
    if (scale == 0) continue;
    store<u32>(places + ((<usize>kept) << 2), <u32>at);
    store<f32>(factors + ((<usize>kept) << 2), scale * load<f32>(weights + at));
    ++kept;
  }
  return kept;
}

/** The kept channels of rows [m,d], times their factors, as rows [m,kept]. */
function keptRows(x: usize, m: i32, d: i32, places: usize, factors: usize, kept: i32, to: usize): void {
  const end = (<usize>kept) << 2;
  for (let i = 0; i < m; ++i) {
    for (let j: usize = 0; j < end; j += 4) {
      store<f32>(to + j, load<f32>(factors + j) * load<f32>(x + load<u32>(places + j)));
    }
    x += (<usize>d) << 2;
    to += end;
  }
}

/** Where row c of the triangle would begin if it began at column 0, less its place. */
function rowOfTriangle(v: usize, place: u32, d: i32): usize {
  const c = <i32>(place >> 2);
  return v + ((<usize>(c * d - (c * (c + 1)) / 2)) << 2);
}

/**
 * The upper triangles, row by row, of the covariances of `X∘weights∘mask` of `count` pictures X [m,d]; weights and mask [d] for
 * each. Channels with mask 0 have zeros.
 */
export function triuMaskedCovarianceForward(
  x: usize,
  weights: usize,
  mask: usize,
  v: usize,
  count: i32,
  m: i32,
  d: i32,
  scratch: usize,
): void {
  const sigma = scratch + covarianceScratch(m, d);
  const rows = sigma + matrixBytes(d, d);
  const places = rows + 2 * matrixBytes(m, d);
  const factors = places + matrixBytes(1, d);
  const line = (<usize>d) << 2;
  const length = (<usize>((d * (d + 1)) / 2)) << 2;
  for (let picture = 0; picture < count; ++picture) {
    const kept = keptChannels(weights, mask, d, places, factors);
    const end = (<usize>kept) << 2;
    memory.fill(v, 0, length);
    if (kept) {
      keptRows(x, m, d, places, factors, kept, rows);
      covarianceOf(rows, sigma, m, kept, 1, 0, scratch);
    }
    let from = sigma;
    for (let i: usize = 0; i < end; i += 4) {
      const to = rowOfTriangle(v, load<u32>(places + i), d);
      for (let j = i; j < end; j += 4) store<f32>(to + load<u32>(places + j), load<f32>(from + j));
      from += end;
    }
    x += <usize>m * line;
    weights += line;
    mask += line;
    v += length;
  }
}

/** Its gradients by X and by the weights: zeros where the mask is 0. */
export function triuMaskedCovarianceGradient(
  dv: usize,
  x: usize,
  weights: usize,
  mask: usize,
  dx: usize,
  dWeights: usize,
  count: i32,
  m: i32,
  d: i32,
  scratch: usize,
): void {
  const g = scratch + covarianceScratch(m, d);
  const rows = g + matrixBytes(d, d);
  const dRows = rows + matrixBytes(m, d);
  const places = dRows + matrixBytes(m, d);
  const factors = places + matrixBytes(1, d);
  const sums = factors + matrixBytes(1, d);
  const line = (<usize>d) << 2;
  for (let picture = 0; picture < count; ++picture) {
    const kept = keptChannels(weights, mask, d, places, factors);
    const end = (<usize>kept) << 2;
    memory.fill(dx, 0, <usize>m * line);
    memory.fill(dWeights, 0, line);
    if (kept) {
      let to = g;
      for (let i: usize = 0; i < end; i += 4) {
        memory.fill(to, 0, i);
        const from = rowOfTriangle(dv, load<u32>(places + i), d);
        for (let j = i; j < end; j += 4) store<f32>(to + j, load<f32>(from + load<u32>(places + j)));
        to += end;
      }
      keptRows(x, m, d, places, factors, kept, rows);
      covarianceGradient(g, rows, dRows, 1, m, kept, 1, scratch);
      spreadGradient(x, dRows, m, d, places, factors, mask, kept, sums, dx, dWeights);
    }
    x += <usize>m * line;
    dx += <usize>m * line;
    weights += line;
    dWeights += line;
    mask += line;
    dv += (<usize>((d * (d + 1)) / 2)) << 2;
  }
}

/** From the gradient by the kept, scaled rows to that by the features and by the weights, whose sums are in float64. */
function spreadGradient(
  x: usize,
  dRows: usize,
  m: i32,
  d: i32,
  places: usize,
  factors: usize,
  mask: usize,
  kept: i32,
  sums: usize,
  dx: usize,
  dWeights: usize,
): void {
  const end = (<usize>kept) << 2;
  memory.fill(sums, 0, 2 * end);
  for (let i = 0; i < m; ++i) {
    for (let j: usize = 0; j < end; j += 4) {
      const at = <usize>load<u32>(places + j);
      const gradient = load<f32>(dRows + j);
      store<f32>(dx + at, gradient * load<f32>(factors + j));
      const sum = load<f64>(sums + 2 * j) + <f64>gradient * <f64>load<f32>(x + at);
      store<f64>(sums + 2 * j, sum);
    }
    x += (<usize>d) << 2;
    dx += (<usize>d) << 2;
    dRows += end;
  }
  for (let j: usize = 0; j < end; j += 4) {
    const at = <usize>load<u32>(places + j);
    store<f32>(dWeights + at, <f32>(<f64>load<f32>(mask + at) * load<f64>(sums + 2 * j)));
  }
}
