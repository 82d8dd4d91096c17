import { CovpoolError } from '@covpool/base';
import { ByteCursor, type ByteSource, readPiece } from './byte-source.ts';
import { readZip, type ZipEntry } from './read-zip.ts';
import { bytesPerElement } from './tensor-data.ts';
import { readStorageId, torchGlobals, type TorchStorage } from './torch-tensor.ts';
import { unpickle } from './unpickle.ts';

/** A PyTorch file taken apart: the saved object, with tensors as references, and access to the bytes that they refer to. */
export interface TorchContainer {
  root: unknown;
  /** The bytes of a storage (of all of it, where the reference is to a part). */
  storageBytes(storage: TorchStorage): Uint8Array;
  littleEndian: boolean;
}

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `torch file: ${what}`);

const noGlobals = { globals: new Map<string, never>() };

/** The number that begins a file of PyTorch 0.1.10 to 1.5. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
const ZIP_START = 0x04034b50;

/** @throws bad-input for anything but the two formats of `torch.save` */
export function openTorch(source: ByteSource): TorchContainer {
  if (source.size < 4) throw refuse(`a file has at least 4 bytes, got ${source.size}`);
  const start = new ByteCursor(source, 'the beginning').uint32();
  if (start === ZIP_START) return openZip(source);
  if ((start & 0xff) === 0x80) return openLegacy(source);
  throw refuse(
    'a file of torch.save is required (a zip archive, or the stream of PyTorch 0.1.10 to 1.5); load it in PyTorch and save ' +
      'its state dict anew',
  );
}

/** Since PyTorch 1.6: a zip archive with `data.pkl` and a file per storage, below a folder of any name. */
function openZip(source: ByteSource): TorchContainer {
  const entries = readZip(source);
  const pickleName = [...entries.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickleName === undefined) throw refuse('the archive has no data.pkl; is it from torch.save?');
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const inside = (name: string): ZipEntry | undefined => {
    const entry = entries.get(folder + name);
    if (entry?.stored === false) throw refuse(`'${name}' must be stored as it is, got it compressed; save it anew`);
    return entry;
  };
  if (entries.has(`${folder}constants.pkl`))
    throw refuse('the archive is a TorchScript program; save the state dict of its model');
  const { from, length } = inside('data.pkl')!;
  const cursor = new ByteCursor(source, 'data.pkl', from, from + length);
  const root = unpickle(cursor, { globals: torchGlobals, persistent: readStorageId });
  const order = inside('byteorder');
  return {
    root,
    littleEndian: !order || new TextDecoder().decode(source.read(order.from, Math.min(order.length, 8))) !== 'big',
    storageBytes({ key, dtype, offset, length: elements }) {
      const entry = inside(`data/${key}`);
      if (!entry) throw refuse(`the archive lacks the storage '${key}'`);
      checkLength(key, (offset + elements) * bytesPerElement[dtype], entry.length);
      return source.read(entry.from, entry.length);
    },
  };
}

/** Before: five pickles (magic number, version, system, object, keys of the storages), then the storages; little-endian. */
function openLegacy(source: ByteSource): TorchContainer {
  const cursor = new ByteCursor(source, 'the stream');
  const magic = unpickle(cursor, noGlobals);
  if (magic !== MAGIC) throw refuse('a pickle of torch.save is required, got another pickle');
  const version = unpickle(cursor, noGlobals);
  if (version !== LEGACY_PROTOCOL) throw refuse(`version ${LEGACY_PROTOCOL} of the stream is required, got another`);
  unpickle(cursor, noGlobals);
  const widths = new Map<string, number>();
  const persistent = (id: unknown): TorchStorage => {
    const storage = readStorageId(id);
    widths.set(storage.key, bytesPerElement[storage.dtype]);
    return storage;
  };
  const root = unpickle(cursor, { globals: torchGlobals, persistent });
  const keys = unpickle(cursor, noGlobals);
  const places = locateStorages(cursor, source, keys, widths);
  return {
    root,
    littleEndian: true,
    storageBytes({ key, dtype, offset, length: elements }) {
      const place = places.get(key);
      if (!place) throw refuse(`the stream lacks the storage '${key}'`);
      checkLength(key, (offset + elements) * bytesPerElement[dtype], place.length);
      return source.read(place.from, place.length);
    },
  };
}

/** Each storage is its number of elements, then its bytes. */
function locateStorages(
  cursor: ByteCursor,
  source: ByteSource,
  keys: unknown,
  widths: Map<string, number>,
): Map<string, { from: number; length: number }> {
  if (!Array.isArray(keys)) throw refuse('the stream must list its storages');
  const places = new Map<string, { from: number; length: number }>();
  for (const key of keys as string[]) {
    const width = widths.get(key);
    if (width === undefined) throw refuse('the stream lists a storage that no tensor has');
    const place = { from: cursor.position + 8, length: cursor.uint64() * width };
    // Only the bounds matter here: the bytes are read when they are wanted.
    if (place.from + place.length > source.size) readPiece(source, place.from, place.length, `the storage '${key}'`);
    places.set(key, place);
    cursor.position = place.from + place.length;
  }
  return places;
}

function checkLength(key: string, wanted: number, found: number): void {
  if (wanted > found) throw refuse(`the storage '${key}' must have ${wanted} bytes, got ${found}`);
}
