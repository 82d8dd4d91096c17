import { elementwise } from '../elementwise.ts';
import { groupSum } from '../group-reductions.ts';
import { product } from '../product.ts';
import { dispatch, output } from '../program.ts';
import { tilePanels, tileProduct, tileThreads } from '../tile.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type Iteration,
  iterationSizes,
  type IterationState,
  NORM_FLOOR,
  slotCount,
  slots,
  SLOTS,
  wholeTile,
} from './iteration.ts';

/** One group a matrix: its norm, w_0 = A/(2t) and, if wanted, Z_1 = 3/2 I − w_0. */
const BEGIN = `${SLOTS}
fn begin(batch: u32, thread: u32) -> f32 {
  let size = sizes.side * sizes.side;
  var part = 0.0;
  for (var at = thread; at < size; at += THREADS) {
    let value = a[batch * size + at];
    if (sizes.frobenius == 1u) { part += value * value; } else if (at % (sizes.side + 1u) == 0u) { part += value; }
  }
  let total = groupSum(thread, part);
  let norm = select(total, sqrt(total), sizes.frobenius == 1u) / f32(sizes.positions);
  if (thread == 0u) { norms[batch] = norm; }
  let t = max(norm, ${NORM_FLOOR});
  let factor = 0.5 / (t * f32(sizes.positions));
  for (var at = thread; at < size; at += THREADS) {
    let half = factor * a[batch * size + at];
    iterates[place(slotW(0u), batch) + at] = half;
    if (sizes.inverse == 1u && sizes.iterations > 1u) {
      iterates[place(slotQ(1u), batch) + at] = select(0.0, 1.5, at % (sizes.side + 1u) == 0u) - half;
    }
  }
  return t;
}
`;

/**
 * All products of the iteration by one group, one after the other: of each step R, y or Z, and w, then the result. One place in the
 * shader multiplies, so that it stays small. Symmetric matrices are read along columns: neighbouring threads read neighbours.
 */
const WHOLE = `${BEGIN}
var<private> leftAt: u32;
var<private> rightAt: u32;
${tileProduct({
  name: 'tile',
  left: 'iterates[leftAt + k * sizes.side + i]',
  right: 'select(0.0, 1.5, k == j) - iterates[rightAt + k * sizes.side + j]',
  leftFast: 'outer',
  rightFast: 'outer',
})}
fn run(group: u32, thread: u32) {
  let batch = group;
  let t = begin(batch, thread);
  storageBarrier();
  let last = 3u * (sizes.iterations - 1u);
  let size = sizes.side * sizes.side;
  if (last == 0u && sizes.inverse == 1u) {
    for (var at = thread; at < size; at += THREADS) {
      result[batch * size + at] = select(0.0, 1.5, at % (sizes.side + 1u) == 0u) - iterates[place(0u, batch) + at];
    }
    return;
  }
  for (var op = 0u; op <= last; op++) {
    let k = op / 3u + 1u;
    let ofQ = op % 3u == 1u || op == last;
    let ofW = op % 3u == 2u;
    if (op % 3u == 1u && k == 1u) { continue; }
    leftAt = place(select(select(slotW(k - 1u), slotQ(k - 1u), ofQ), slotR(k), ofW), batch);
    rightAt = place(slotW(k - 1u), batch);
    var sums = tile(batch, 0u, 0u, sizes.side, sizes.side, sizes.side, thread);
    let factor = select(1.0, 2.0 * sqrt(t), op == last && sizes.inverse == 0u);
    let to = place(select(select(slotR(k), slotQ(k), ofQ), slotW(k), ofW), batch);
    for (var p = 0u; p < 4u; p++) {
      for (var q = 0u; q < 4u; q++) {
        let i = 4u * (thread / QUADS) + p;
        let j = 4u * (thread % QUADS) + q;
        if (i <= j && j < sizes.side) {
          let value = factor * sums[p][q];
          if (op == last) {
            result[batch * size + i * sizes.side + j] = value;
            result[batch * size + j * sizes.side + i] = value;
          } else {
            iterates[to + i * sizes.side + j] = value;
            iterates[to + j * sizes.side + i] = value;
          }
        }
      }
    }
    storageBarrier();
  }
}
`;

/**
 * Runs the iteration on symmetric matrices [B,s,s]. Up to s = 64 in one dispatch, a group a matrix; beyond, in 2N: one for the
 * norms, and for each step one for R and y or Z together and one for w, tiles on and above the diagonal alone.
 */
export function iterate(backend: RecordingBackend, a: TensorInfo, iteration: Iteration): IterationState {
  const { batch, side } = iteration;
  const state: IterationState = {
    iterates: output(backend, [slotCount(iteration), batch, side, side]),
    norms: output(backend, [batch]),
    result: output(backend, [batch, side, side]),
  };
  const sizes = iterationSizes(iteration);
  const whole = wholeTile(side);
  if (whole) {
    const code = `${tilePanels(whole)}${WHOLE}`;
    const program = { label: 'NewtonSchulzWhole', threads: tileThreads(whole), code, helpers: [groupSum] };
    dispatch(backend, program, { reads: { a }, writes: { ...state }, sizes, groups: batch });
    return state;
  }
  const { iterates, norms } = state;
  const code = `${BEGIN} fn run(group: u32, thread: u32) { begin(group, thread); }`;
  const program = { label: 'NewtonSchulzBegin', threads: 256, code, helpers: [groupSum] };
  dispatch(backend, program, { reads: { a }, writes: { iterates, norms }, sizes, groups: batch });
  bySteps(backend, iteration, state);
  return state;
}

function bySteps(backend: RecordingBackend, iteration: Iteration, { iterates, norms, result }: IterationState): void {
  const { batch, side, iterations, wanted } = iteration;
  const { w, r, q } = slots(iteration);
  const at = (slot: number): number => slot * batch * side * side;
  /** Of each pair of slots `[from, to]` the product with T_k, in one dispatch. */
  const multiply = (label: string, pairs: [from: number, to: number][], k: number): void => {
    const [first, second = first] = pairs as [[number, number], [number, number]?];
    product(backend, {
      label,
      reads: {},
      writes: { iterates },
      sizes: {
        images: batch,
        square: side * side,
        from0: at(first[0]),
        to0: at(first[1]),
        from1: at(second[0]),
        to1: at(second[1]),
        right: at(w(k - 1)),
      },
      batch: pairs.length * batch,
      rows: side,
      columns: side,
      depth: side,
      left: `iterates[select(sizes.from0, sizes.from1, batch >= sizes.images)
        + (batch % sizes.images) * sizes.square + k * sizes.depth + i]`,
      right: `select(0.0, 1.5, k == j)
        - iterates[sizes.right + (batch % sizes.images) * sizes.square + k * sizes.depth + j]`,
      leftFast: 'outer',
      symmetric: true,
      store: `iterates[select(sizes.to0, sizes.to1, batch >= sizes.images)
        + (batch % sizes.images) * sizes.square + i * sizes.depth + j] = value;`,
    });
  };
  for (let k = 1; k < iterations; k++) {
    const pairs: [number, number][] = [[w(k - 1), r(k)]];
    if (k > 1) pairs.push([q(k - 1), q(k)]);
    multiply('NewtonSchulzStep', pairs, k);
    multiply('NewtonSchulzW', [[r(k), w(k)]], k);
  }
  if (wanted === 'inverseRoot' && iterations === 1) {
    elementwise(backend, {
      label: 'NewtonSchulzEnd',
      reads: { iterates },
      writes: { result },
      sizes: { square: side * side, side },
      count: batch * side * side,
      body: 'result[index] = select(0.0, 1.5, (index % sizes.square) % (sizes.side + 1u) == 0u) - iterates[index];',
    });
    return;
  }
  const factor = wanted === 'root' ? `2.0 * sqrt(max(norms[batch], ${NORM_FLOOR})) * ` : '';
  product(backend, {
    label: 'NewtonSchulzEnd',
    reads: { iterates, ...(wanted === 'root' ? { norms } : {}) },
    writes: { result },
    sizes: { first: at(q(iterations - 1)), second: at(w(iterations - 1)) },
    batch,
    rows: side,
    columns: side,
    depth: side,
    left: 'iterates[sizes.first + (batch * sizes.depth + k) * sizes.depth + i]',
    right: 'select(0.0, 1.5, k == j) - iterates[sizes.second + (batch * sizes.depth + k) * sizes.depth + j]',
    leftFast: 'outer',
    symmetric: true,
    store: `result[(batch * sizes.depth + i) * sizes.depth + j] = ${factor}value;`,
  });
}
