import { checkArgument, CovpoolError } from '@covpool/base';
import type { LayerShape, OnnxValue } from '@covpool/core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { OnnxGraphWriter, onnxValueInfo } from './onnx-graph-writer.ts';
import { layerToOnnx } from './onnx-stock-layers.ts';
import { ProtobufMessage } from './protobuf.ts';

export interface ExportOnnxOptions {
  /**
   * Height and width of the pictures in pixels, or one number for both; absent: the graph takes any, which the networks that
   * average over a grid of cells (VGG and AlexNet without pooling) cannot. A known size also lets iSQRT-COV iterate on the smaller side.
   */
  inputSize?: number | readonly [height: number, width: number];
  /** Goes into the file's `metadata_props`. */
  metadata?: Record<string, string>;
}

/** The newest opset that runtimes of 2022 read, and the version of the file format that came with it. */
const OPSET = 17;
const IR_VERSION = 8;
/** Protocol Buffers end here. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * A network as an ONNX file (opset 17) that computes what `predict` does. Layout is that of PyTorch's exports, not ours: the input
 * is [batch,3,height,width], normalised as for the model, and so is every output of rank 4. The batch is open. One output is
 * called `logits`; several have the names of their layers. Weights have their PyTorch names and layouts.
 *
 * ```ts
 * const bytes = await exportOnnx(createModel('resnet50', { pooling: 'isqrt' }), { inputSize: 224 });
 * ```
 * Costs one copy of the weights.
 *
 * @throws unsupported, naming the layer, for one that ONNX cannot express; for 2 GiB or more
 */
export async function exportOnnx(
  model: LayersModel,
  { inputSize, metadata = {} }: ExportOnnxOptions = {},
): Promise<Uint8Array> {
  const graph = new OnnxGraphWriter();
  const values = new Map<number, OnnxValue>();
  const inputs = model.inputs.map((tensor, i) => {
    const shape = openShape(tensor.shape, inputSize);
    values.set(tensor.id, { name: model.inputNames[i]!, shape });
    return onnxValueInfo(model.inputNames[i]!, inOnnxOrder(['batch', ...namedExtents(shape)]));
  });
  const outputs = model.outputs.map((tensor) => {
    const { name: value, shape } = valueOf(graph, tensor, values);
    const name = model.outputs.length === 1 ? 'logits' : tensor.sourceLayer.name;
    graph.scope = name;
    graph.alias(value, name);
    return onnxValueInfo(name, inOnnxOrder(['batch', ...shape.slice(1)]));
  });
  const written = await graph.finish(model.name, inputs, outputs);
  const file = new ProtobufMessage().int(1, IR_VERSION).text(2, 'covpool').message(7, written);
  file.message(8, new ProtobufMessage().text(1, '').int(2, OPSET));
  for (const [key, value] of Object.entries(metadata)) {
    file.message(14, new ProtobufMessage().text(1, key).text(2, value));
  }
  if (file.size > MOST_BYTES) {
    throw new CovpoolError('unsupported', `exportOnnx: less than 2 GiB are required, got ${file.size} bytes`);
  }
  return file.finish();
}

/** The value of a layer's output, after those that it depends on. */
function valueOf(graph: OnnxGraphWriter, tensor: SymbolicTensor, values: Map<number, OnnxValue>): OnnxValue {
  const known = values.get(tensor.id);
  if (known) return known;
  const { sourceLayer: layer, inputs } = tensor;
  const from = inputs.map((input) => valueOf(graph, input, values));
  const shapes = from.map(({ shape }) => shape);
  const shape = layer.computeOutputShape(shapes.length === 1 ? shapes[0]! : shapes) as LayerShape;
  graph.scope = layer.name;
  const value = { name: layerToOnnx(graph, layer, from), shape };
  values.set(tensor.id, value);
  return value;
}

/** A picture's shape with the size that was asked for. */
function openShape(shape: LayerShape, size: ExportOnnxOptions['inputSize']): LayerShape {
  if (size === undefined) return shape;
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  checkArgument(
    [height, width].every((side) => Number.isInteger(side) && side > 0),
    () => `exportOnnx: inputSize must be whole numbers of pixels, got ${String(size)}`,
  );
  return shape.length === 4 ? [shape[0]!, height, width, shape[3]!] : shape;
}

const namedExtents = ([, ...extents]: LayerShape): (number | string | null)[] =>
  extents.map((extent, i) => extent ?? (extents.length === 3 ? ['height', 'width'][i] ?? null : null));

/** Channels first. */
const inOnnxOrder = <T>(shape: T[]): T[] => (shape.length === 4 ? [0, 3, 1, 2].map((axis) => shape[axis]!) : shape);
