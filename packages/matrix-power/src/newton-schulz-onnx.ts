import type { OnnxFeatures, OnnxGraph } from '@covpool/core';
import { onnxCentred, onnxPositions, onnxSecondMoment } from '@covpool/covariance';
import type { IsqrtGaussianOptions } from './gaussian-root.ts';
import type { IsqrtCovOptions } from './isqrt-cov.ts';
import { NORM_FLOOR, type PreNormalization } from './pre-normalization.ts';

/**
 * `isqrtCov` as nodes of ONNX, [B,d,M] to [B,d,d]: on the side of the positions if they are known and fewer than the channels,
 * with the covariance itself otherwise.
 */
export function onnxIsqrtCov(
  graph: OnnxGraph,
  features: OnnxFeatures,
  { centering, iterations, norm }: Required<IsqrtCovOptions>,
): string {
  const { channels, positions } = features;
  const centred = { ...features, name: centering ? onnxCentred(graph, features) : features.name };
  if (positions === null || positions >= channels) {
    const a = onnxSecondMoment(graph, centred);
    const t = onnxNorm(graph, a, channels, norm);
    const half = graph.add('Div', [a, graph.add('Mul', [t, graph.constant(2)])]);
    const { y, t: last } = onnxIterates(graph, half, channels, iterations);
    const scale = graph.add('Mul', [graph.add('Sqrt', [t]), graph.constant(2)]);
    return graph.add('Mul', [graph.add('MatMul', [y, last]), scale]);
  }
  const turned = graph.add('Transpose', [centred.name], { perm: [0, 2, 1] });
  const gram = graph.add('Div', [graph.add('MatMul', [turned, centred.name]), onnxPositions(graph, features)]);
  const t = onnxNorm(graph, gram, positions, norm);
  const half = graph.add('Div', [gram, graph.add('Mul', [t, graph.constant(2)])]);
  const { z, t: last } = onnxIterates(graph, half, positions, iterations);
  const inner = z === undefined ? last : graph.add('MatMul', [last, z]);
  const outer = graph.add('MatMul', [centred.name, graph.add('MatMul', [inner, turned])]);
  return graph.add('Div', [outer, graph.add('Mul', [graph.add('Sqrt', [t]), graph.constant(positions)])]);
}

/** `isqrtGaussian` as nodes of ONNX, [B,d,M] to [B,d+1,d+1]. */
export function onnxIsqrtGaussian(
  graph: OnnxGraph,
  { name, channels, positions }: OnnxFeatures,
  { beta, ...options }: Required<IsqrtGaussianOptions>,
): string {
  const mean = graph.add('ReduceMean', [name], { axes: [2], keepdims: 1 });
  const shifted = graph.add('Add', [name, graph.add('Mul', [mean, graph.constant(beta - 1)])]);
  const pads = graph.integers([0, 0, 0, 0, 1, 0]);
  const extended = graph.add('Pad', [shifted, pads, graph.constant(1)]);
  return onnxIsqrtCov(graph, { name: extended, channels: channels + 1, positions }, { ...options, centering: false });
}

/** Each matrix's norm [B,1,1], at least the floor. */
function onnxNorm(graph: OnnxGraph, a: string, side: number, norm: PreNormalization): string {
  if (norm === 'frobenius') {
    return graph.add('Max', [graph.add('ReduceL2', [a], { axes: [1, 2], keepdims: 1 }), graph.constant(NORM_FLOOR)]);
  }
  const diagonal = graph.add('Mul', [a, identity(graph, side, 1)]);
  const trace = graph.add('ReduceSum', [diagonal, graph.integers([1, 2])], { keepdims: 1 });
  return graph.add('Max', [trace, graph.constant(NORM_FLOOR)]);
}

/** The last y, Z and T of `iterate`; Z is absent where it is I. */
function onnxIterates(
  graph: OnnxGraph,
  half: string,
  side: number,
  iterations: number,
): { y: string; z?: string; t: string } {
  const threeHalves = identity(graph, side, 1.5);
  let y = half;
  let z: string | undefined;
  let t = graph.add('Sub', [threeHalves, half]);
  for (let k = 1; k < iterations; k++) {
    y = graph.add('MatMul', [y, t]);
    z = z === undefined ? t : graph.add('MatMul', [t, z]);
    t = graph.add('Sub', [threeHalves, graph.add('MatMul', [z, y])]);
  }
  return z === undefined ? { y, t } : { y, z, t };
}

function identity(graph: OnnxGraph, side: number, factor: number): string {
  const values = new Float32Array(side * side);
  for (let i = 0; i < side; i++) values[i * side + i] = factor;
  return graph.constant(values, [side, side]);
}
