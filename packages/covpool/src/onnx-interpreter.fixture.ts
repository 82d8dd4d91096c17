import {
  add,
  cast,
  concat,
  conv2d,
  depthwiseConv2d,
  div,
  gather,
  matMul,
  maximum,
  maxPool,
  mean,
  mul,
  norm,
  pad,
  relu,
  reshape,
  sigmoid,
  slice,
  sqrt,
  step,
  sub,
  sum,
  type Tensor,
  tensor,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/** A message of Protocol Buffers: the values of each field, numbers or bytes. */
type Fields = Map<number, (number | Uint8Array)[]>;

export interface OnnxNode {
  operator: string;
  inputs: string[];
  output: string;
  attributes: Record<string, number | number[]>;
}

export interface OnnxFile {
  opset: number;
  metadata: Record<string, string>;
  nodes: OnnxNode[];
  constants: Map<string, { shape: number[]; values: Float32Array | number[] }>;
  inputs: Record<string, (number | string | undefined)[]>;
  outputs: Record<string, (number | string | undefined)[]>;
}

function decode(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const fixed = (): number => {
    at += 4;
    return view.getFloat32(at - 4, true);
  };
  const piece = (): Uint8Array => {
    const length = varint();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.byteLength) {
    const key = varint();
    const value = key % 8 === 0 ? varint() : key % 8 === 5 ? fixed() : piece();
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const text = (value: unknown): string => new TextDecoder().decode(value as Uint8Array);
const messages = (fields: Fields, field: number): Fields[] =>
  (fields.get(field) ?? []).map((bytes) => decode(bytes as Uint8Array));

/** Reads what `exportOnnx` writes. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  const file = decode(bytes);
  const [graph] = messages(file, 7) as [Fields];
  const info = (field: number) => Object.fromEntries(messages(graph, field).map(valueInfo));
  return {
    opset: messages(file, 8)[0]!.get(2)![0] as number,
    metadata: Object.fromEntries(messages(file, 14).map((entry) => [text(entry.get(1)![0]), text(entry.get(2)![0])])),
    nodes: messages(graph, 1).map((node) => ({
      operator: text(node.get(4)![0]),
      inputs: (node.get(1) ?? []).map(text),
      output: text(node.get(2)![0]),
      attributes: Object.fromEntries(messages(node, 5).map(attribute)),
    })),
    constants: new Map(messages(graph, 5).map(constant)),
    inputs: info(11),
    outputs: info(12),
  };
}

function attribute(fields: Fields): [string, number | number[]] {
  const value = { 1: fields.get(2)?.[0], 2: fields.get(3)?.[0], 7: fields.get(8) }[fields.get(20)![0] as 1 | 2 | 7];
  return [text(fields.get(1)![0]), value as number | number[]];
}

function constant(fields: Fields): [string, { shape: number[]; values: Float32Array | number[] }] {
  const data = new Uint8Array(fields.get(9)![0] as Uint8Array);
  const isFloat = fields.get(2)![0] === 1;
  const values = isFloat ? new Float32Array(data.buffer) : Array.from(new BigInt64Array(data.buffer), Number);
  return [text(fields.get(8)![0]), { shape: (fields.get(1) ?? []) as number[], values }];
}

function valueInfo(fields: Fields): [string, (number | string | undefined)[]] {
  const [type] = messages(fields, 2) as [Fields];
  const [shape] = messages(messages(type, 1)[0]!, 2) as [Fields];
  const extents = messages(shape, 1).map((dimension) => {
    const name = dimension.get(2)?.[0];
    return name === undefined ? (dimension.get(1)?.[0] as number | undefined) : text(name);
  });
  return [text(fields.get(1)![0]), extents];
}

type Operator = (x: Tensor, others: Tensor[], node: OnnxNode, numbers: (input: number) => number[]) => Tensor;

const channelsLast = (x: Tensor): Tensor4D => transpose(x, [0, 2, 3, 1]) as Tensor4D;
const channelsFirst = (x: Tensor): Tensor => transpose(x, [0, 3, 1, 2]);
const flag = (node: OnnxNode, name: string): boolean => node.attributes[name] === 1;
const list = (node: OnnxNode, name: string): number[] => (node.attributes[name] ?? []) as number[];
const perChannel = (v: Tensor, rank: number): Tensor => reshape(v, [1, -1, ...Array<number>(rank - 2).fill(1)]);

function window({ attributes: { strides = [1, 1], pads = [0, 0, 0, 0] } }: OnnxNode) {
  const [stride, padding] = [(strides as number[])[0]!, (pads as number[])[0]!];
  const sides: [number, number] = [padding, padding];
  return { stride, sides: [[0, 0], sides, sides, [0, 0]] as [number, number][] };
}

/** The operators of ONNX as its specification has them, for float32, as far as `exportOnnx` uses them. */
const operators: Record<string, Operator> = {
  Abs: (x) => maximum(x, mul(x, -1)),
  Add: (x, [y]) => add(x, y!),
  Sub: (x, [y]) => sub(x, y!),
  Mul: (x, [y]) => mul(x, y!),
  Div: (x, [y]) => div(x, y!),
  Max: (x, [y]) => maximum(x, y!),
  Sqrt: (x) => sqrt(x),
  Sign: (x) => sub(step(x), step(mul(x, -1))),
  Relu: (x) => relu(x),
  Sigmoid: (x) => sigmoid(x),
  Clip: (x, [low, high]) => mul(maximum(mul(maximum(x, low!), -1), mul(high!, -1)), -1),
  Identity: (x) => mul(x, 1),
  Cast: (x) => cast(x, 'float32'),
  Shape: (x) => tensor(x.shape, [x.rank]),
  MatMul: (x, [y]) => {
    if (y!.rank === x.rank) return matMul(x, y!);
    const product = matMul(reshape(x, [-1, x.shape.at(-1)!]), y!);
    return reshape(product, [...x.shape.slice(0, -1), y!.shape.at(-1)!]);
  },
  Gemm: (x, [w, b], node) => {
    const product = matMul(x, w!, false, flag(node, 'transB'));
    return b ? add(product, b) : product;
  },
  Transpose: (x, _, node) => transpose(x, list(node, 'perm')),
  Flatten: (x) => reshape(x, [x.shape[0]!, -1]),
  Reshape: (x, _, _node, numbers) =>
    reshape(
      x,
      numbers(1).map((extent, i) => (extent === 0 ? x.shape[i]! : extent)),
    ),
  Concat: (x, others, node) => concat([x, ...others], node.attributes.axis as number),
  Gather: (x, [places], node) => gather(x, cast(places!, 'int32'), (node.attributes.axis ?? 0) as number),
  Slice: (x, _, _node, numbers) => {
    const [[from], [to], [axis]] = [numbers(1), numbers(2), numbers(3)] as [[number], [number], [number]];
    const begin = x.shape.map((_extent, i) => (i === axis ? from : 0));
    return slice(
      x,
      begin,
      x.shape.map((extent, i) => (i === axis ? to - from : extent)),
    );
  },
  Pad: (x, _, _node, numbers) => {
    const sides = numbers(1);
    const pairs = x.shape.map((_, i): [number, number] => [sides[i]!, sides[x.rank + i]!]);
    return pad(x, pairs, numbers(2)[0]);
  },
  ReduceMean: (x, _, node) => mean(x, list(node, 'axes'), flag(node, 'keepdims')),
  ReduceSum: (x, _, node, numbers) => sum(x, numbers(1), flag(node, 'keepdims')),
  ReduceL2: (x, _, node) => {
    const axes = list(node, 'axes');
    return norm(x, 'euclidean', axes.length === 1 ? axes[0] : (axes as [number, number]), flag(node, 'keepdims'));
  },
  BatchNormalization: (x, weights, node) => {
    const [scale, bias, average, variance] = weights.map((v) => perChannel(v, x.rank)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    return add(mul(div(sub(x, average), sqrt(add(variance, node.attributes.epsilon as number))), scale), bias);
  },
  MaxPool: (x, _, node) => {
    const { stride, sides } = window(node);
    const [size = 1] = list(node, 'kernel_shape');
    return channelsFirst(maxPool(pad(channelsLast(x), sides, -3e38) as Tensor4D, size, stride, 'valid'));
  },
  Conv: (x, [w, b], node) => {
    const { stride, sides } = window(node);
    const padded = pad(channelsLast(x), sides) as Tensor4D;
    const group = (node.attributes.group ?? 1) as number;
    const filter = group === 1 ? transpose(w!, [2, 3, 1, 0]) : groupedFilter(w!, group);
    const y =
      group === 1
        ? conv2d(padded, filter as Tensor4D, stride, 'valid')
        : depthwiseConv2d(padded, filter as Tensor4D, stride, 'valid');
    return channelsFirst(b ? add(y, b) : y);
  },
};

/** [G·n,1,kh,kw] as TensorFlow.js has it: [kh,kw,G,n]. */
const groupedFilter = (w: Tensor, group: number): Tensor => {
  const [outputs, , height, width] = w.shape as [number, number, number, number];
  return transpose(reshape(w, [group, outputs / group, height, width]), [2, 3, 0, 1]);
};

/** Computes the outputs of a file on the current engine, node by node. The caller disposes of them. */
export function runOnnx({ nodes, constants, outputs }: OnnxFile, inputs: Record<string, Tensor>): Tensor[] {
  return tidy(() => {
    const values = new Map(Object.entries(inputs));
    for (const [name, { shape, values: numbers }] of constants)
      values.set(name, tensor([...numbers], shape, 'float32'));
    for (const node of nodes) {
      const operator = operators[node.operator];
      if (!operator) throw new Error(`no ${node.operator}`);
      const [x, ...others] = node.inputs.map((name) => values.get(name)!);
      const numbers = (input: number) => constants.get(node.inputs[input]!)!.values as number[];
      values.set(node.output, operator(x!, others, node, numbers));
    }
    return Object.keys(outputs).map((name) => values.get(name)!);
  });
}
