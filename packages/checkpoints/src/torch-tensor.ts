import { CovpoolError } from '@covpool/base';
import type { Dtype } from './tensor-data.ts';
import type { PickleGlobal } from './unpickle.ts';

/** The storage that a tensor of a PyTorch file refers to; several tensors may share one. Offset and length in elements. */
export class TorchStorage {
  constructor(readonly dtype: Dtype, readonly key: string, readonly offset: number, readonly length: number) {}
}

/** A tensor of a PyTorch file before its storage is read; offsets and strides in elements. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: number[],
    readonly strides: number[],
  ) {}
}

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `torch file: ${what}`);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** PyTorch's own limit. */
const MOST_AXES = 64;

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount);

/** PyTorch's class of storages of each element type. */
export const storageClasses: Record<Dtype, string> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

const dtypeOfClass = new Map<string, Dtype>(
  Object.entries(storageClasses).map(([dtype, name]) => [`torch.${name}`, dtype as Dtype]),
);

/** All that the pickle of a state dict names. */
export const torchGlobals: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    { name: 'collections.OrderedDict', apply: orderedDict },
    { name: 'torch.Size', apply: ([extents]: unknown[]) => extents },
    { name: 'torch._utils._rebuild_tensor', apply: rebuildTensor },
    { name: 'torch._utils._rebuild_tensor_v2', apply: rebuildTensor },
    { name: 'torch._utils._rebuild_parameter', apply: rebuildParameter },
    ...[...dtypeOfClass.keys()].map((name) => ({ name })),
  ].map((entry) => [entry.name, entry]),
);

function orderedDict([pairs = []]: unknown[]): Map<unknown, unknown> {
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    throw refuse('an OrderedDict must be made of pairs');
  }
  return new Map(pairs as [unknown, unknown][]);
}

function rebuildTensor([storage, offset, shape, strides]: unknown[]): TorchTensor {
  if (!(storage instanceof TorchStorage)) throw refuse('a tensor must have a storage');
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides) || strides.length !== shape.length) {
    throw refuse(
      `a tensor must have an offset, a shape and as many strides, all whole numbers of at most ${MOST_AXES}`,
    );
  }
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const last = shape.reduce((at, extent, axis) => at + (extent - 1) * strides[axis]!, offset);
  if (elements > 0 && last >= storage.length) {
    throw refuse(
      `a tensor must lie within its storage of ${storage.length} elements, got shape [${shape}], strides [${strides}] ` +
        `at ${offset}`,
    );
  }
  return new TorchTensor(storage, offset, shape, strides);
}

function rebuildParameter([tensor]: unknown[]): TorchTensor {
  if (!(tensor instanceof TorchTensor)) throw refuse('a parameter must be made of a tensor');
  return tensor;
}

/** A reference to a storage: ('storage', class, key, device, elements[, None or (key of the view, offset, elements)]). */
export function readStorageId(id: unknown): TorchStorage {
  const [kind, type, key, , length, view] = Array.isArray(id) ? (id as unknown[]) : [];
  if (kind !== 'storage') throw refuse(`a pickle of tensors is required, got one of ${describe(kind)}`);
  const dtype = dtypeOfClass.get((type as PickleGlobal | undefined)?.name ?? '');
  if (!dtype || typeof key !== 'string' || !isCount(length)) {
    throw refuse('a storage must have a type, a name and a length');
  }
  if (!Array.isArray(view)) return new TorchStorage(dtype, key, 0, length);
  const [, offset, elements] = view as unknown[];
  if (!isCount(offset) || !isCount(elements) || offset + elements > length) {
    throw refuse(`a view of a storage must lie within its ${length} elements`);
  }
  return new TorchStorage(dtype, key, offset, elements);
}

const describe = (kind: unknown): string => (kind === 'module' ? "a whole model's code" : 'something else');
