import { CovpoolError } from '@covpool/base';
import { type ByteSource, bytesSource } from './byte-source.ts';
import { gatherStrided, isContiguous } from './gather-strided.ts';
import { findStateDict } from './state-dict.ts';
import { bytesPerElement, type TensorData, toFloat32 } from './tensor-data.ts';
import { openTorch, type TorchContainer } from './torch-container.ts';
import type { TorchTensor } from './torch-tensor.ts';

/** The state dict of a PyTorch file. */
export interface TorchFile {
  /** In the order of the file; names without a `module.` that all of them begin with. */
  tensors: Map<string, TensorData>;
  /** Numbers and text beside the state dict, such as `epoch` and `arch`. */
  metadata: Record<string, string>;
  /** Where the state dict was: `state_dict`, `model.state_dict`, …; empty: the file is the state dict. */
  path: string;
}

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `torch file: ${what}`);

/**
 * Reads what `torch.save` wrote: both the zip archive (since PyTorch 1.6) and the stream before (0.1.10 to 1.5).
 *
 * The pickle inside is read, not run: it may hold tensors, numbers, text, lists, tuples and dictionaries; anything else is
 * refused by name. The state dict is the file itself, or found under `state_dict`, `model_state_dict` or `model`, or is the
 * only dictionary of tensors; `path` says which. A `module.` in front of every name (data parallelism) is dropped.
 * Half and bfloat16 come as F32, all other types as they are. Tensors that lie in one piece are views of `bytes`; others
 * (transposed, strided) are copied.
 *
 * ```ts
 * const { tensors } = readTorch(new Uint8Array(await (await fetch('resnet50.pth')).arrayBuffer()));
 * importState(model, tensors);
 * ```
 * @throws bad-input saying what is wrong with the file; sizes are checked before memory is taken
 */
export function readTorch(bytes: Uint8Array): TorchFile {
  return readTorchSource(bytesSource(bytes));
}

/** `readTorch` for any source. Only storages that tensors of the state dict refer to are read, each once. */
export function readTorchSource(source: ByteSource): TorchFile {
  const container = openTorch(source);
  const { state, metadata, path } = findStateDict(container.root);
  const reader = new TensorReader(container, source.size);
  const tensors = new Map<string, TensorData>();
  for (const [name, tensor] of state) tensors.set(name, reader.read(name, tensor));
  return { tensors, metadata, path };
}

/** A file may describe far more elements than it has (stride 0); no real one comes near. */
const MOST_COPIES = 8;

class TensorReader {
  private readonly storages = new Map<string, Uint8Array>();
  private readonly done = new Map<TorchTensor, TensorData>();
  private budget: number;

  constructor(private readonly container: TorchContainer, size: number) {
    this.budget = MOST_COPIES * size;
  }

  read(name: string, tensor: TorchTensor): TensorData {
    let data = this.done.get(tensor);
    if (!data) {
      data = this.decode(name, tensor);
      this.done.set(tensor, data);
    }
    return data;
  }

  private decode(name: string, tensor: TorchTensor): TensorData {
    const { shape, strides, storage } = tensor;
    const { dtype } = storage;
    const width = bytesPerElement[dtype];
    const bytes = shape.reduce((product, extent) => product * extent, width);
    if (bytes === 0) return widen({ dtype, shape, data: new Uint8Array(0) });
    const swap = !this.container.littleEndian && width > 1;
    const inPlace = !swap && isContiguous(shape, strides);
    const half = dtype === 'F16' || dtype === 'BF16';
    if (!inPlace || half) this.spend(name, half ? 2 * bytes : bytes);
    const offset = storage.offset + tensor.offset;
    const whole = this.bytesOf(tensor);
    const data = inPlace
      ? whole.subarray(offset * width, offset * width + bytes)
      : gatherStrided(whole, width, { offset, shape, strides });
    return widen({ dtype, shape, data: swap ? swapped(data, width) : data });
  }

  private spend(name: string, bytes: number): void {
    this.budget -= bytes;
    if (this.budget < 0) throw refuse(`'${name}' takes ${bytes} bytes, far more than the file has; save it contiguous`);
  }

  private bytesOf({ storage }: TorchTensor): Uint8Array {
    const id = `${storage.dtype} ${storage.offset + storage.length} ${storage.key}`;
    const known = this.storages.get(id);
    if (known) return known;
    const bytes = this.container.storageBytes(storage);
    this.storages.set(id, bytes);
    return bytes;
  }
}

function widen(tensor: TensorData): TensorData {
  if (tensor.dtype !== 'F16' && tensor.dtype !== 'BF16') return tensor;
  const values = toFloat32(tensor);
  return { dtype: 'F32', shape: tensor.shape, data: new Uint8Array(values.buffer) };
}

function swapped(data: Uint8Array, width: number): Uint8Array {
  for (let at = 0; at < data.byteLength; at += width) data.subarray(at, at + width).reverse();
  return data;
}
