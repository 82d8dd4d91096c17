import { CovpoolError } from '@covpool/base';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { groupMax } from './group-reductions.ts';
import { dispatch, free, output } from './program.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/** Three numbers for each pair of rows are kept in workgroup memory. */
const MAX_SIDE = 1024;

/** Off-diagonal entries converge quadratically: six to nine sweeps are usual, and none is begun that finds nothing to do. */
const MAX_SWEEPS = 16;

/**
 * Cyclic Jacobi rotations, those of disjoint pairs of rows at once: a round-robin tournament of n rows has n − 1 rounds of n/2 pairs. In a
 * round each 2×2 block between two pairs belongs to one thread, which rotates it from both sides in place, and writes it to its mirror
 * image. Rotations are applied as `x − s(y + τx)`, τ = s/(1 + c), whose rounding error shrinks with the angle (Rutishauser 1966).
 */
const CODE = `
const MAX_SIDE = ${MAX_SIDE}u;
var<workgroup> sines: array<f32, MAX_SIDE / 2u>;
var<workgroup> taus: array<f32, MAX_SIDE / 2u>;
var<workgroup> tangents: array<f32, MAX_SIDE / 2u>;
var<workgroup> going: u32;
var<private> rotated: f32;

fn player(index: u32, round: u32, count: u32) -> u32 {
  if (index == 0u) { return count - 1u; }
  return (round + index) % (count - 1u);
}
fn opponent(index: u32, round: u32, count: u32) -> u32 { return (round + count - 1u - index) % (count - 1u); }

fn chooseRotation(pair: u32, p: u32, q: u32, at: u32, limit: f32) {
  let d = sizes.d;
  var s = 0.0;
  var tau = 0.0;
  var t = 0.0;
  if (p < d && q < d) {
    let apq = work[at + p * d + q];
    if (abs(apq) > limit) {
      let theta = (work[at + q * d + q] - work[at + p * d + p]) / (2.0 * apq);
      if (abs(theta) > 1e9) { t = 0.5 / theta; } else {
        t = select(-1.0, 1.0, theta >= 0.0) / (abs(theta) + sqrt(1.0 + theta * theta));
      }
      let c = 1.0 / sqrt(1.0 + t * t);
      s = t * c;
      tau = s / (1.0 + c);
      rotated = 1.0;
    }
  }
  sines[pair] = s;
  taus[pair] = tau;
  tangents[pair] = t;
}

fn rotateBlock(first: u32, second: u32, round: u32, count: u32, at: u32) {
  let d = sizes.d;
  let p = player(first, round, count);
  let q = opponent(first, round, count);
  let si = sines[first];
  if (first == second) {
    if (si != 0.0) {
      let change = tangents[first] * work[at + p * d + q];
      work[at + p * d + p] -= change;
      work[at + q * d + q] += change;
      work[at + p * d + q] = 0.0;
      work[at + q * d + p] = 0.0;
    }
    return;
  }
  let sj = sines[second];
  if (si == 0.0 && sj == 0.0) { return; }
  let r = player(second, round, count);
  let u = opponent(second, round, count);
  let hasP = p < d;
  let hasQ = q < d;
  let hasR = r < d;
  let hasU = u < d;
  var pr = 0.0; if (hasP && hasR) { pr = work[at + p * d + r]; }
  var pu = 0.0; if (hasP && hasU) { pu = work[at + p * d + u]; }
  var qr = 0.0; if (hasQ && hasR) { qr = work[at + q * d + r]; }
  var qu = 0.0; if (hasQ && hasU) { qu = work[at + q * d + u]; }
  let ti = taus[first];
  let rowP = vec2<f32>(pr, pu);
  let rowQ = vec2<f32>(qr, qu);
  let newP = rowP - si * (rowQ + ti * rowP);
  let newQ = rowQ + si * (rowP - ti * rowQ);
  let tj = taus[second];
  let columnR = vec2<f32>(newP.x, newQ.x);
  let columnU = vec2<f32>(newP.y, newQ.y);
  let newR = columnR - sj * (columnU + tj * columnR);
  let newU = columnU + sj * (columnR - tj * columnU);
  if (hasP && hasR) { work[at + p * d + r] = newR.x; work[at + r * d + p] = newR.x; }
  if (hasQ && hasR) { work[at + q * d + r] = newR.y; work[at + r * d + q] = newR.y; }
  if (hasP && hasU) { work[at + p * d + u] = newU.x; work[at + u * d + p] = newU.x; }
  if (hasQ && hasU) { work[at + q * d + u] = newU.y; work[at + u * d + q] = newU.y; }
}

fn run(group: u32, thread: u32) {
  let d = sizes.d;
  let square = d * d;
  let at = group * 2u * square;
  let vectors = at + square;
  var part = 0.0;
  for (var index = thread; index < square; index += THREADS) {
    let i = index / d;
    let j = index % d;
    let value = 0.5 * (a[group * square + index] + a[group * square + j * d + i]);
    work[at + index] = value;
    work[vectors + index] = select(0.0, 1.0, i == j);
    part = max(part, abs(value));
  }
  let limit = groupMax(thread, part) * 0x1p-28;
  storageBarrier();

  let count = d + d % 2u;
  let pairs = count / 2u;
  for (var sweep = 0u; sweep < ${MAX_SWEEPS}u && d > 1u; sweep++) {
    rotated = 0.0;
    for (var round = 0u; round < count - 1u; round++) {
      for (var pair = thread; pair < pairs; pair += THREADS) {
        chooseRotation(pair, player(pair, round, count), opponent(pair, round, count), at, limit);
      }
      workgroupBarrier();
      for (var block = thread; block < pairs * pairs; block += THREADS) {
        if (block / pairs <= block % pairs) { rotateBlock(block / pairs, block % pairs, round, count, at); }
      }
      for (var index = thread; index < pairs * d; index += THREADS) {
        let pair = index / d;
        let s = sines[pair];
        if (s != 0.0) {
          let p = vectors + player(pair, round, count) * d + index % d;
          let q = vectors + opponent(pair, round, count) * d + index % d;
          let x = work[p];
          let y = work[q];
          work[p] = x - s * (y + taus[pair] * x);
          work[q] = y + s * (x - taus[pair] * y);
        }
      }
      storageBarrier();
      workgroupBarrier();
    }
    let any = groupMax(thread, rotated);
    if (thread == 0u) { going = u32(any); }
    if (workgroupUniformLoad(&going) == 0u) { break; }
  }

  // Descending; each vector of length one, its largest entry positive.
  let spectrum = group * (square + d);
  for (var i = thread; i < d; i += THREADS) {
    let own = work[at + i * d + i];
    var place = 0u;
    for (var j = 0u; j < d; j++) {
      let other = work[at + j * d + j];
      if (other > own || (other == own && j < i)) { place++; }
    }
    var extreme = 0.0;
    var length = 0.0;
    for (var j = 0u; j < d; j++) {
      let entry = work[vectors + i * d + j];
      if (abs(entry) > abs(extreme)) { extreme = entry; }
      length += entry * entry;
    }
    state[spectrum + place] = own;
    let factor = select(1.0, -1.0, extreme < 0.0) / sqrt(length);
    for (var j = 0u; j < d; j++) { state[spectrum + d + place * d + j] = factor * work[vectors + i * d + j]; }
  }
}
`;

/**
 * The spectra [B,1+d,d] of symmetric matrices [B,d,d], of which the symmetric part counts: in the first row the eigenvalues,
 * descending, in the others the unit eigenvectors, each with its largest entry positive. One dispatch, a group a matrix.
 *
 * Float32 throughout: eigenvalues err by a few 2⁻²⁴ ‖A‖, whatever their own size.
 */
export function spectra(backend: RecordingBackend, a: TensorInfo): TensorInfo {
  const [batch, d] = a.shape as [number, number];
  if (d > MAX_SIDE) {
    throw new CovpoolError('unsupported', `symmetric eigen: sides up to ${MAX_SIDE} are possible on webgpu, got ${d}`);
  }
  const state = output(backend, [batch, d + 1, d]);
  const work = output(backend, [batch, 2, d, d]);
  const program = { label: 'SymmetricEigen', threads: d <= 16 ? 64 : 256, code: CODE, helpers: [groupMax] };
  dispatch(backend, program, { reads: { a }, writes: { work, state }, sizes: { d }, groups: d === 0 ? 0 : batch });
  free(backend, work);
  return state;
}
