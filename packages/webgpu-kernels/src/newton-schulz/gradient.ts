import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GROUP_SUM } from '../group-sum.ts';
import { product } from '../product.ts';
import { dispatch, free, output } from '../program.ts';
import { tilePanels, tileProduct, tileThreads } from '../tile.ts';
import type { RecordingBackend } from '../webgpu-backend.ts';
import {
  type Iteration,
  iterationSizes,
  type IterationState,
  NORM_FLOOR,
  slots,
  SLOTS,
  TANGENT_SLOTS,
  tangentSlots,
  wholeTile,
} from './iteration.ts';

const SHARED = `${GROUP_SUM}${SLOTS}`;

/**
 * The direction h in which the iteration is differentiated, from the gradient G with respect to the result, and what the norm's own
 * gradient begins with. The iteration is a polynomial in y_0, whose derivative at a symmetric matrix is self-adjoint: the gradient
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
    tangents[place(tangentY(0u), batch) + at] = h;
    tangents[place(TANGENT_T, batch) + at] = -h;
    tangents[place(tangentZ(1u), batch) + at] = -h;
  }
}
`;

/**
 * With g the gradient with respect to y_0 = A/(2t): `dA = g/(2t) + (∂/∂t − ⟨g, y_0⟩/t) ∂t/∂A`, ∂t/∂A = I or A/t; zero where the
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

/** `d(PQ) = dP Q + P dQ` as one product of twice the inner length, for each product of the iteration. */
const WHOLE = `${SHARED}${BEGIN}${END}
var<private> leftTangent: u32;
var<private> right: u32;
var<private> left: u32;
var<private> rightTangent: u32;
fn leftAt(i: u32, k: u32) -> f32 {
  if (k < sizes.side) { return tangents[leftTangent + k * sizes.side + i]; }
  return iterates[left + (k - sizes.side) * sizes.side + i];
}
fn rightAt(k: u32, j: u32) -> f32 {
  if (k < sizes.side) { return iterates[right + k * sizes.side + j]; }
  return tangents[rightTangent + (k - sizes.side) * sizes.side + j];
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
    let ofZ = op % 3u == 1u || (op == last && sizes.inverse == 1u);
    let ofT = op % 3u == 2u;
    if (ofZ && k == 1u) { continue; }
    leftTangent = place(select(select(tangentY(k - 1u), tangentZ(k - 1u), ofZ), tangentZ(k), ofT), batch);
    left = place(select(select(slotY(k - 1u), slotZ(k - 1u), ofZ), slotZ(k), ofT), batch);
    right = place(select(slotT(k), slotY(k), ofT), batch);
    rightTangent = place(select(TANGENT_T, tangentY(k), ofT), batch);
    var sums = tile(batch, 0u, 0u, sizes.side, sizes.side, 2u * sizes.side, thread);
    let sign = select(1.0, -1.0, ofT);
    var slot = select(select(tangentY(k), tangentZ(k), ofZ), TANGENT_T, ofT);
    if (op == last) { slot = tangentY(k); }
    let to = place(slot, batch);
    for (var p = 0u; p < 4u; p++) {
      for (var q = 0u; q < 4u; q++) {
        let i = 4u * (thread / QUADS) + p;
        let j = 4u * (thread % QUADS) + q;
        if (i <= j && j < sizes.side) {
          tangents[to + i * sizes.side + j] = sign * sums[p][q];
          tangents[to + j * sizes.side + i] = sign * sums[p][q];
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
  const sizes = { ...iterationSizes(iteration), resultSlot: tangentSlots.result(iteration) };
  const whole = wholeTile(side);
  if (whole) {
    const code = `${tilePanels(whole)}${WHOLE}`;
    const program = { label: 'NewtonSchulzGradientWhole', threads: tileThreads(whole), code };
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
    const last = `${SHARED}${END} fn run(group: u32, thread: u32) { end(group, thread, sizes.resultSlot); }`;
    dispatch(
      backend,
      { label: 'NewtonSchulzGradientEnd', threads: 256, code: last },
      { reads: { direction, iterates, norms, result, tangents }, writes: { gradient }, sizes, groups: batch },
    );
  }
  free(backend, tangents);
  return gradient;
}

/** One or two products `to ← ±(d(from) right + left d(right))` that have the right side in common. */
interface Step {
  label: string;
  /** Slots: the left side's tangent, the left side, the result. */
  sides: [tangent: number, left: number, to: number][];
  right: number;
  rightTangent: number;
  sign: '' | '-';
}

function bySteps(backend: RecordingBackend, iteration: Iteration, iterates: TensorInfo, tangents: TensorInfo): void {
  const { batch, side, iterations, wanted } = iteration;
  const at = (slot: number): number => slot * batch * side * side;
  const { y, z, t } = slots(iterations);
  const d = tangentSlots;
  const run = ({ label, sides, right, rightTangent, sign }: Step): void => {
    const [first, second = first] = sides as [Step['sides'][0], Step['sides'][0]?];
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
        right: at(right),
        rightTangent: at(rightTangent),
      },
      batch: sides.length * batch,
      rows: side,
      columns: side,
      depth: 2 * side,
      functions: `
fn leftAt(batch: u32, i: u32, k: u32) -> f32 {
  if (k < sizes.rows) { return tangents[${pick('tangent')} + ${image} + k * sizes.rows + i]; }
  return iterates[${pick('left')} + ${image} + (k - sizes.rows) * sizes.rows + i];
}
fn rightAt(batch: u32, k: u32, j: u32) -> f32 {
  if (k < sizes.rows) { return iterates[sizes.right + ${image} + k * sizes.rows + j]; }
  return tangents[sizes.rightTangent + ${image} + (k - sizes.rows) * sizes.rows + j];
}`,
      left: 'leftAt(batch, i, k)',
      right: 'rightAt(batch, k, j)',
      leftFast: 'outer',
      symmetric: true,
      store: `tangents[${pick('to')} + ${image} + i * sizes.rows + j] = ${sign}value;`,
    });
  };
  for (let k = 1; k < iterations; k++) {
    const sides: Step['sides'] = [[d.y(k - 1), y(k - 1), d.y(k)]];
    if (k > 1) sides.push([d.z(k - 1), z(k - 1), d.z(k)]);
    run({ label: 'NewtonSchulzGradientYZ', sides, right: t(k), rightTangent: d.t, sign: '' });
    const ofT: Step['sides'] = [[d.z(k), z(k), d.t]];
    run({ label: 'NewtonSchulzGradientT', sides: ofT, right: y(k), rightTangent: d.y(k), sign: '-' });
  }
  if (wanted === 'inverseRoot' && iterations === 1) return;
  const [from, tangent] = wanted === 'root' ? [y, d.y] : [z, d.z];
  const last: Step['sides'] = [[tangent(iterations - 1), from(iterations - 1), d.result(iteration)]];
  run({ label: 'NewtonSchulzGradientLast', sides: last, right: t(iterations), rightTangent: d.t, sign: '' });
}
