import type { TensorInfo } from '@tensorflow/tfjs-core';
import { groupSum } from '../group-reductions.ts';
import { product } from '../product.ts';
import { dispatch, free, output } from '../program.ts';
import { tilePanels, tileProduct, tileThreads } from '../tile.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import {
  type Iteration,
  iterationSizes,
  type IterationState,
  NORM_FLOOR,
  resultSlot,
  slots,
  SLOTS,
  TANGENT_SLOTS,
  tangentSlots,
  wholeTile,
} from './iteration.ts';

/**
 * The direction h in which the iteration is differentiated, from the gradient G with respect to the result, and what the norm's own
 * gradient begins with. The iteration is a polynomial in w_0 = A/(2t), whose derivative at a symmetric matrix is self-adjoint: the gradient
 * is the derivative in the direction of the gradient, all of whose iterates are symmetric.
 *
 * Of the root C = 2√t·y_N: h = √t (G + Gᵀ), ∂/∂t = ⟨G, C⟩/(2t). Of rows, where C = X̄ᵀ Z X̄/(M√t) and `direction` is
 * P = X̄ (G + Gᵀ) X̄ᵀ: h = (P + Pᵀ)/(4 M √t), ∂/∂t = −⟨h, Z⟩/(2t).
 */
const BEGIN = `
fn begin(batch: u32, thread: u32) {
  let t = max(norms[batch], ${NORM_FLOOR});
  let factor = select(sqrt(t), 0.25 / (sqrt(t) * f32(sizes.positions)), sizes.inverse == 1u);
  for (var at = thread; at < sizes.side * sizes.side; at += THREADS) {
    let i = at / sizes.side;
    let j = at % sizes.side;
    let h = factor * (direction[place(0u, batch) + at] + direction[place(0u, batch) + j * sizes.side + i]);
    tangents[place(tangentW(0u), batch) + at] = h;
    if (sizes.inverse == 1u) { tangents[place(tangentQ(1u), batch) + at] = -h; }
  }
}
`;

/**
 * With g the gradient with respect to w_0: `dA = g/(2t) + (∂/∂t − ⟨g, w_0⟩/t) ∂t/∂A`, ∂t/∂A = I or A/t; zero where the
 * floor acts.
 */
const END = `
fn end(batch: u32, thread: u32, slot: u32) {
  let size = sizes.side * sizes.side;
  let norm = norms[batch];
  let t = max(norm, ${NORM_FLOOR});
  var through = 0.0;
  var ofResult = 0.0;
  for (var at = thread; at < size; at += THREADS) {
    through += tangents[place(slot, batch) + at] * iterates[place(0u, batch) + at];
    ofResult += direction[batch * size + at] * result[batch * size + at];
  }
  let inner = groupSum(thread, ofResult);
  let fromScale = inner * select(0.5 / t, -0.25 / (t * sqrt(t) * f32(sizes.positions)), sizes.inverse == 1u);
  let alongNorm = fromScale - groupSum(thread, through) / t;
  // From the gradient by the covariance of rows to that by the rows: 2/M.
  let scale = select(0.0, select(1.0, 2.0 / f32(sizes.positions), sizes.inverse == 1u), norm > ${NORM_FLOOR});
  for (var at = thread; at < size; at += THREADS) {
    let direct = tangents[place(slot, batch) + at] * (0.5 / t);
    var normal = select(0.0, alongNorm, at % (sizes.side + 1u) == 0u);
    if (sizes.frobenius == 1u) { normal = 2.0 * alongNorm * iterates[place(0u, batch) + at]; }
    gradient[batch * size + at] = scale * (direct + normal);
  }
}
`;

/** `d(P T) = dP T − P dw` as one product of twice the inner length, for each product of the iteration. */
const WHOLE = `${SLOTS}${BEGIN}${END}
var<private> leftTangent: u32;
var<private> right: u32;
var<private> left: u32;
var<private> rightTangent: u32;
fn leftAt(i: u32, k: u32) -> f32 {
  if (k < sizes.side) { return tangents[leftTangent + k * sizes.side + i]; }
  return iterates[left + (k - sizes.side) * sizes.side + i];
}
fn rightAt(k: u32, j: u32) -> f32 {
  if (k < sizes.side) { return select(0.0, 1.5, k == j) - iterates[right + k * sizes.side + j]; }
  return -tangents[rightTangent + (k - sizes.side) * sizes.side + j];
}
${tileProduct({
  name: 'tile',
  left: 'leftAt(i, k)',
  right: 'rightAt(k, j)',
  leftFast: 'outer',
  rightFast: 'outer',
})}
fn run(group: u32, thread: u32) {
  let batch = group;
  begin(batch, thread);
  storageBarrier();
  let last = 3u * (sizes.iterations - 1u);
  for (var op = 0u; op <= last; op++) {
    let k = op / 3u + 1u;
    let ofQ = op % 3u == 1u || op == last;
    let ofW = op % 3u == 2u;
    if (ofQ && k == 1u && (op != last || sizes.inverse == 1u)) { continue; }
    leftTangent = place(select(select(tangentW(k - 1u), tangentQ(k - 1u), ofQ), tangentR(k), ofW), batch);
    left = place(select(select(slotW(k - 1u), slotQ(k - 1u), ofQ), slotR(k), ofW), batch);
    right = place(slotW(k - 1u), batch);
    rightTangent = place(tangentW(k - 1u), batch);
    var sums = tile(batch, 0u, 0u, sizes.side, sizes.side, 2u * sizes.side, thread);
    let slot = select(select(tangentR(k), tangentQ(k), ofQ), tangentW(k), ofW);
    let to = place(select(slot, sizes.resultSlot, op == last), batch);
    for (var p = 0u; p < 4u; p++) {
      for (var q = 0u; q < 4u; q++) {
        let i = 4u * (thread / QUADS) + p;
        let j = 4u * (thread % QUADS) + q;
        if (i <= j && j < sizes.side) {
          tangents[to + i * sizes.side + j] = sums[p][q];
          tangents[to + j * sizes.side + i] = sums[p][q];
        }
      }
    }
    storageBarrier();
  }
  end(batch, thread, sizes.resultSlot);
}
`;

/**
 * The gradient with respect to the matrices [B,s,s] that were iterated, symmetric. Up to s = 64 one dispatch, a group a matrix;
 * beyond, 2N + 1, tiles on and above the diagonal alone.
 */
export function iterationGradient(
  backend: RecordingBackend,
  direction: TensorInfo,
  { iterates, norms, result }: IterationState,
  iteration: Iteration,
): TensorInfo {
  const { batch, side } = iteration;
  const tangents = output(backend, [TANGENT_SLOTS, batch, side, side]);
  const gradient = output(backend, [batch, side, side]);
  const sizes = { ...iterationSizes(iteration), resultSlot: resultSlot(iteration) };
  const whole = wholeTile(side);
  if (whole) {
    const code = `${tilePanels(whole)}${WHOLE}`;
    const program = { label: 'NewtonSchulzGradientWhole', threads: tileThreads(whole), code, helpers: [groupSum] };
    const reads = { direction, iterates, norms, result };
    dispatch(backend, program, { reads, writes: { tangents, gradient }, sizes, groups: batch });
  } else {
    const first = `${SLOTS}${BEGIN} fn run(group: u32, thread: u32) { begin(group, thread); }`;
    dispatch(
      backend,
      { label: 'NewtonSchulzGradientBegin', threads: 256, code: first },
      { reads: { direction, norms }, writes: { tangents }, sizes, groups: batch },
    );
    bySteps(backend, iteration, iterates, tangents);
    const last = `${SLOTS}${END} fn run(group: u32, thread: u32) { end(group, thread, sizes.resultSlot); }`;
    dispatch(
      backend,
      { label: 'NewtonSchulzGradientEnd', threads: 256, code: last, helpers: [groupSum] },
      { reads: { direction, iterates, norms, result, tangents }, writes: { gradient }, sizes, groups: batch },
    );
  }
  free(backend, tangents);
  return gradient;
}

/** Slots of one product `to ← dP T − P dw`: of P's tangent, of P, of the result. */
type Places = [tangent: number, left: number, to: number];

function bySteps(backend: RecordingBackend, iteration: Iteration, iterates: TensorInfo, tangents: TensorInfo): void {
  const { batch, side, iterations, wanted } = iteration;
  const at = (slot: number): number => slot * batch * side * side;
  const { w, r, q } = slots(iteration);
  const d = tangentSlots(iteration);
  /** One product or two with the same T_k, in one dispatch. */
  const run = (label: string, products: Places[], step: number): void => {
    const [first, second = first] = products as [Places, Places?];
    const pick = (name: string): string => `select(sizes.${name}0, sizes.${name}1, batch >= sizes.images)`;
    const image = '(batch % sizes.images) * sizes.rows * sizes.rows';
    product(backend, {
      label,
      reads: { iterates },
      writes: { tangents },
      sizes: {
        images: batch,
        ...{ tangent0: at(first[0]), left0: at(first[1]), to0: at(first[2]) },
        ...{ tangent1: at(second[0]), left1: at(second[1]), to1: at(second[2]) },
        right: at(w(step - 1)),
        rightTangent: at(d.w(step - 1)),
      },
      batch: products.length * batch,
      rows: side,
      columns: side,
      depth: 2 * side,
      functions: `
fn leftAt(batch: u32, i: u32, k: u32) -> f32 {
  if (k < sizes.rows) { return tangents[${pick('tangent')} + ${image} + k * sizes.rows + i]; }
  return iterates[${pick('left')} + ${image} + (k - sizes.rows) * sizes.rows + i];
}
fn rightAt(batch: u32, k: u32, j: u32) -> f32 {
  if (k < sizes.rows) { return select(0.0, 1.5, k == j) - iterates[sizes.right + ${image} + k * sizes.rows + j]; }
  return -tangents[sizes.rightTangent + ${image} + (k - sizes.rows) * sizes.rows + j];
}`,
      left: 'leftAt(batch, i, k)',
      right: 'rightAt(batch, k, j)',
      leftFast: 'outer',
      symmetric: true,
      store: `tangents[${pick('to')} + ${image} + i * sizes.rows + j] = value;`,
    });
  };
  for (let k = 1; k < iterations; k++) {
    const products: Places[] = [[d.w(k - 1), w(k - 1), d.r(k)]];
    if (k > 1) products.push([d.q(k - 1), q(k - 1), d.q(k)]);
    run('NewtonSchulzGradientStep', products, k);
    run('NewtonSchulzGradientW', [[d.r(k), r(k), d.w(k)]], k);
  }
  if (wanted === 'inverseRoot' && iterations === 1) return;
  run('NewtonSchulzGradientLast', [[d.q(iterations - 1), q(iterations - 1), resultSlot(iteration)]], iterations);
}
