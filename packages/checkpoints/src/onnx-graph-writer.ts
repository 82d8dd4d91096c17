import { CovpoolError } from '@covpool/base';
import type { NamedLayer, OnnxAttribute, OnnxGraph, StateEntry } from '@covpool/core';
import { type Tensor, transpose } from '@tensorflow/tfjs-core';
import { ProtobufMessage } from './protobuf.ts';
import { float32Data } from './tensor-data.ts';

/** Numbers of ONNX's element types. */
const FLOAT = 1;
const INT64 = 7;

/** Numbers of ONNX's attribute types. */
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** Collects nodes, constants and weights, and writes them as a `GraphProto`. */
export class OnnxGraphWriter implements OnnxGraph {
  /** The layer that nodes are added for; their names begin with its own. */
  scope = '';
  private readonly nodes: ProtobufMessage[] = [];
  private readonly tensors = new Map<string, { type: number; shape: readonly number[]; data: Uint8Array }>();
  private readonly weights = new Map<string, StateEntry>();
  private readonly counts = new Map<string, number>();

  add(operator: string, inputs: readonly string[], attributes: Record<string, OnnxAttribute> = {}): string {
    const name = this.unused(operator);
    this.addNode(operator, inputs, name, attributes);
    return name;
  }

  /** Gives a value another name, which an output of the graph has. */
  alias(value: string, name: string): void {
    this.addNode('Identity', [value], name, {});
  }

  weight(layer: NamedLayer, weight: string): string {
    const name = `${layer.name}.${weight}`;
    const entry = layer.stateEntries().find((candidate) => candidate.name === name);
    if (!entry) throw new CovpoolError('bad-argument', `exportOnnx: '${layer.name}' has no weight '${weight}'`);
    this.weights.set(name, entry);
    return name;
  }

  constant(values: number | Float32Array, shape?: readonly number[]): string {
    if (typeof values === 'number') return this.store(FLOAT, [], Float32Array.of(values));
    return this.store(FLOAT, shape ?? [values.length], values);
  }

  integers(values: ArrayLike<number>): string {
    return this.store(INT64, [values.length], BigInt64Array.from(Array.from(values), BigInt));
  }

  /** Writes everything added so far, with the descriptions of inputs and outputs. */
  async finish(name: string, inputs: ProtobufMessage[], outputs: ProtobufMessage[]): Promise<ProtobufMessage> {
    const graph = new ProtobufMessage();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, name);
    for (const entry of this.weights.values()) {
      const { shape, data } = await inTorchLayout(entry);
      graph.message(5, tensorMessage(entry.name, FLOAT, shape, data));
    }
    for (const [key, { type, shape, data }] of this.tensors) graph.message(5, tensorMessage(key, type, shape, data));
    for (const input of inputs) graph.message(11, input);
    for (const output of outputs) graph.message(12, output);
    return graph;
  }

  private addNode(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Record<string, OnnxAttribute>,
  ): void {
    const node = new ProtobufMessage();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, output).text(4, operator);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
    this.nodes.push(node);
  }

  private store(type: number, shape: readonly number[], values: Float32Array | BigInt64Array): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const name = this.unused('Constant');
    this.tensors.set(name, { type, shape, data });
    return name;
  }

  private unused(kind: string): string {
    const stem = `${this.scope}/${kind}`;
    const count = (this.counts.get(stem) ?? 0) + 1;
    this.counts.set(stem, count);
    return count === 1 ? stem : `${stem}_${count}`;
  }
}

async function inTorchLayout({ variable, toTorch }: StateEntry): Promise<{ shape: number[]; data: Uint8Array }> {
  const value = variable.read() as Tensor;
  const turned = toTorch ? transpose(value, toTorch) : value;
  const values = (await turned.data<'float32'>()).slice();
  const { shape } = turned;
  if (turned !== value) turned.dispose();
  return float32Data(shape, values);
}

function tensorMessage(name: string, type: number, shape: readonly number[], data: Uint8Array): ProtobufMessage {
  const tensor = new ProtobufMessage();
  for (const extent of shape) tensor.int(1, extent);
  return tensor.int(2, type).text(8, name).bytes(9, data);
}

function attributeMessage(name: string, value: OnnxAttribute): ProtobufMessage {
  const attribute = new ProtobufMessage().text(1, name);
  if (typeof value === 'number') return attribute.int(3, value).int(20, attributeTypes.int);
  if (typeof value === 'string') return attribute.text(4, value).int(20, attributeTypes.string);
  if ('float' in value) return attribute.float(2, value.float).int(20, attributeTypes.float);
  for (const item of value) attribute.int(8, item);
  return attribute.int(20, attributeTypes.ints);
}

/** A `ValueInfoProto` of float32: extents, or names of extents that are open; null for one without a name. */
export function onnxValueInfo(name: string, shape: readonly (number | string | null)[]): ProtobufMessage {
  const dimensions = new ProtobufMessage();
  for (const extent of shape) {
    const dimension = new ProtobufMessage();
    if (typeof extent === 'number') dimension.int(1, extent);
    if (typeof extent === 'string') dimension.text(2, extent);
    dimensions.message(1, dimension);
  }
  const tensor = new ProtobufMessage().int(1, FLOAT).message(2, dimensions);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensor));
}
