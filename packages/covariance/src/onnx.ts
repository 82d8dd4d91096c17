import type { OnnxFeatures, OnnxGraph } from '@covpool/core';
import { type TriuOrder, upperPlaces } from './triu-places.ts';

// The package's operations as nodes of ONNX, for `toOnnx` of layers. Features are [B,d,M]; each returns the name of its output.

/** The number of positions M, a scalar. */
export function onnxPositions(graph: OnnxGraph, { name, positions }: OnnxFeatures): string {
  if (positions !== null) return graph.constant(positions);
  const extent = graph.add('Gather', [graph.add('Shape', [name]), graph.integers([2])]);
  return graph.add('Cast', [extent], { to: 1 });
}

/** Features less their mean over positions. */
export const onnxCentred = (graph: OnnxGraph, { name }: OnnxFeatures): string =>
  graph.add('Sub', [name, graph.add('ReduceMean', [name], { axes: [2], keepdims: 1 })]);

/** The second moment over positions [B,d,d]. */
export function onnxSecondMoment(graph: OnnxGraph, features: OnnxFeatures): string {
  const turned = graph.add('Transpose', [features.name], { perm: [0, 2, 1] });
  return graph.add('Div', [graph.add('MatMul', [features.name, turned]), onnxPositions(graph, features)]);
}

/** The covariance over positions [B,d,d]. */
export const onnxCovariance = (graph: OnnxGraph, features: OnnxFeatures): string =>
  onnxSecondMoment(graph, { ...features, name: onnxCentred(graph, features) });

/** The upper triangle [B,d(d+1)/2] of matrices [B,d,d]. */
export function onnxTriangle(graph: OnnxGraph, matrices: string, side: number, order: TriuOrder = 'rows'): string {
  const flat = graph.add('Reshape', [matrices, graph.integers([-1, side * side])]);
  return graph.add('Gather', [flat, graph.integers(upperPlaces(side, order))], { axis: 1 });
}

/** `signedSqrt` of values, and division of each vector [B,F] by its length. */
export function onnxSignedRootOfUnitLength(graph: OnnxGraph, vectors: string, epsilon = 1e-8): string {
  const root = graph.add('Sqrt', [graph.add('Add', [graph.add('Abs', [vectors]), graph.constant(epsilon)])]);
  const signed = graph.add('Mul', [graph.add('Sign', [vectors]), root]);
  const length = graph.add('ReduceL2', [signed], { axes: [1], keepdims: 1 });
  return graph.add('Div', [signed, graph.add('Max', [length, graph.constant(1e-12)])]);
}
