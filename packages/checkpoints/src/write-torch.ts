import { CovpoolError } from '@covpool/base';
import { bytesPerElement, type TensorData } from './tensor-data.ts';
import { storageClasses } from './torch-tensor.ts';
import { writeZip } from './write-zip.ts';

/**
 * The bytes of a PyTorch file that holds a state dict, in pieces: `torch.load(path)` gives an `OrderedDict` of
 * contiguous tensors on the CPU, with `weights_only` too. The format is the zip archive of PyTorch 1.6 and later with a
 * pickle of protocol 2; tensors that share their bytes here are stored twice.
 *
 * @throws bad-argument for a tensor whose bytes do not fit its shape; unsupported beyond 4 GiB
 */
export function writeTorch(tensors: ReadonlyMap<string, TensorData>): Uint8Array[] {
  const entries = [...tensors];
  for (const [name, { dtype, shape, data }] of entries) {
    const expected = shape.reduce((product, extent) => product * extent, bytesPerElement[dtype]);
    if (data.byteLength !== expected) {
      throw new CovpoolError(
        'bad-argument',
        `writeTorch: '${name}' must have ${expected} bytes, got ${data.byteLength}`,
      );
    }
  }
  return writeZip([
    ['archive/data.pkl', pickleStateDict(entries)],
    ['archive/byteorder', ascii('little')],
    ...entries.map(([, { data }], i): [string, Uint8Array] => [`archive/data/${i}`, data]),
    ['archive/version', ascii('3\n')],
  ]);
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

type Opcodes = (number | Uint8Array)[];

const MARK = 0x28;
const TUPLE = 0x74;
const REDUCE = 0x52;
const PERSISTENT = 0x51;
const EMPTY_TUPLE = 0x29;
const FALSE = 0x89;
const SET_ITEMS = 0x75;

/** What torch.save pickles for an `OrderedDict` of tensors, without notes of what occurs twice. */
function pickleStateDict(entries: [string, TensorData][]): Uint8Array {
  const items = entries.flatMap(([name, tensor], i) => [...text(name), ...rebuiltTensor(tensor, String(i))]);
  return encode([0x80, 2, ...orderedDict(), MARK, ...items, SET_ITEMS, 0x2e]);
}

const orderedDict = (): Opcodes => [...named('collections', 'OrderedDict'), EMPTY_TUPLE, REDUCE];

const named = (module: string, name: string): Opcodes => [0x63, ascii(`${module}\n${name}\n`)];

/** _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks) */
function rebuiltTensor({ dtype, shape }: TensorData, key: string): Opcodes {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const storage = [...text('storage'), ...named('torch', storageClasses[dtype]), ...text(key), ...text('cpu')];
  return [
    ...named('torch._utils', '_rebuild_tensor_v2'),
    ...[MARK, MARK, ...storage, ...whole(count), TUPLE, PERSISTENT],
    ...[...whole(0), ...tuple(shape), ...tuple(rowMajorStrides(shape)), FALSE, ...orderedDict(), TUPLE, REDUCE],
  ];
}

const tuple = (values: number[]): Opcodes => [MARK, ...values.flatMap(whole), TUPLE];

function rowMajorStrides(shape: number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= Math.max(1, shape[axis]!);
  }
  return strides;
}

function text(value: string): Opcodes {
  const bytes = ascii(value);
  return [0x58, int32(bytes.byteLength), bytes];
}

/** Up to 2^31 in four bytes, beyond in eight. */
function whole(value: number): Opcodes {
  if (value < 2 ** 31) return [0x4a, int32(value)];
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return [0x8a, 8, bytes];
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

function encode(opcodes: Opcodes): Uint8Array {
  const size = opcodes.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 1 : part.byteLength), 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of opcodes) {
    if (typeof part === 'number') bytes[at++] = part;
    else {
      bytes.set(part, at);
      at += part.byteLength;
    }
  }
  return bytes;
}
