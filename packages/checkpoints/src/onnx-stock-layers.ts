import { BranchSum, isOnnxExportable, type OnnxGraph, type OnnxValue, withoutOnnxForm } from '@covpool/core';
import type { layers } from '@tensorflow/tfjs-layers';

type Writer = (graph: OnnxGraph, inputs: OnnxValue[], layer: layers.Layer) => string;

const names = (inputs: OnnxValue[]): string[] => inputs.map(({ name }) => name);

const sum: Writer = (graph, inputs) => names(inputs).reduce((total, term) => graph.add('Add', [total, term]));

/** The layers of TensorFlow.js that a network may have, and what has several inputs. */
const stockLayers: Record<string, Writer> = {
  ReLU: (graph, inputs, layer) => {
    const { maxValue } = layer.getConfig() as { maxValue?: number | null };
    if (maxValue === undefined || maxValue === null) return graph.add('Relu', names(inputs));
    return graph.add('Clip', [...names(inputs), graph.constant(0), graph.constant(maxValue)]);
  },
  Add: sum,
  [BranchSum.className]: sum,
  Concatenate: (graph, inputs, layer) => {
    const rank = inputs[0]!.shape.length;
    const { axis } = layer.getConfig() as { axis: number };
    const ours = axis < 0 ? rank + axis : axis;
    return graph.add('Concat', names(inputs), { axis: rank === 4 ? [0, 2, 3, 1][ours]! : ours });
  },
};

/**
 * Adds the nodes of a layer; returns the name of its output.
 *
 * @throws unsupported for a layer that ONNX cannot express
 */
export function layerToOnnx(graph: OnnxGraph, layer: layers.Layer, inputs: OnnxValue[]): string {
  if (isOnnxExportable(layer)) return layer.toOnnx(graph, inputs[0]!);
  const stock = stockLayers[layer.getClassName()];
  if (!stock) throw withoutOnnxForm(layer);
  return stock(graph, inputs, layer);
}
