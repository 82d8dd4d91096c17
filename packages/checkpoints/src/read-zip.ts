import { CovpoolError } from '@covpool/base';
import { ByteCursor, type ByteSource, readPiece } from './byte-source.ts';

/** Where the bytes of a file of an archive stand. */
export interface ZipEntry {
  from: number;
  length: number;
  /** Whether the bytes are the file as it is, neither compressed nor encrypted. */
  stored: boolean;
}

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `torch file: ${what}`);

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const LOCATOR_BYTES = 20;
const LOCAL_BYTES = 30;
const SIGNATURES = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, entry: 0x02014b50, local: 0x04034b50 };
const IN_EXTRA = 0xffffffff;

/**
 * The files of a zip archive (zip64 too) by name.
 *
 * @throws bad-input
 */
export function readZip(source: ByteSource): Map<string, ZipEntry> {
  const { from, length, count } = readEnd(source);
  const cursor = new ByteCursor(source, "the archive's directory", from, from + length);
  const entries = new Map<string, ZipEntry>();
  for (let i = 0; i < count; i++) {
    const { name, entry } = readEntry(cursor, source);
    if (entries.has(name)) throw refuse(`the archive has '${name}' twice`);
    entries.set(name, entry);
  }
  return entries;
}

interface Directory {
  from: number;
  length: number;
  count: number;
}

function readEnd(source: ByteSource): Directory {
  const searched = Math.min(source.size, END_BYTES + LONGEST_COMMENT);
  const tail = readPiece(source, source.size - searched, searched, "the archive's end");
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = searched - END_BYTES;
  while (at >= 0 && view.getUint32(at, true) !== SIGNATURES.end) at--;
  if (at < 0) throw refuse('the directory at the end of the archive is missing; is the file cut off?');
  const cursor = new ByteCursor(source, "the archive's end", source.size - searched + at + 10);
  const directory = { count: cursor.uint16(), length: cursor.uint32(), from: cursor.uint32() };
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === SIGNATURES.locator64) {
    return readEnd64(source, Number(view.getBigUint64(locator + 8, true)));
  }
  return directory;
}

function readEnd64(source: ByteSource, at: number): Directory {
  const cursor = new ByteCursor(source, "the archive's end", at);
  if (cursor.uint32() !== SIGNATURES.end64) throw refuse("the archive's end for 64 bits is not where it should be");
  cursor.bytes(28);
  return { count: cursor.uint64(), length: cursor.uint64(), from: cursor.uint64() };
}

function readEntry(cursor: ByteCursor, source: ByteSource): { name: string; entry: ZipEntry } {
  if (cursor.uint32() !== SIGNATURES.entry) throw refuse("the archive's directory is broken");
  cursor.bytes(4);
  const flags = cursor.uint16();
  const method = cursor.uint16();
  cursor.bytes(8);
  const sizes = { packed: cursor.uint32(), length: cursor.uint32() };
  const [nameBytes, extraBytes, commentBytes] = [cursor.uint16(), cursor.uint16(), cursor.uint16()];
  cursor.bytes(8);
  const local = cursor.uint32();
  const name = new TextDecoder().decode(cursor.bytes(nameBytes));
  const wide = widen(cursor.bytes(extraBytes), [sizes.length, sizes.packed, local]);
  cursor.bytes(commentBytes);
  const [length, packed, header] = wide;
  const stored = method === 0 && packed === length && (flags & 1) === 0;
  return { name, entry: { ...locate(source, name, header!, packed!), stored } };
}

/** Replaces sizes that do not fit 32 bits by those of the extra field for 64 bits, which has just these. */
function widen(extra: Uint8Array, sizes: number[]): number[] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const end = at + 4 + view.getUint16(at + 2, true);
    let next = at + 4;
    return sizes.map((size) => {
      if (size !== IN_EXTRA || next + 8 > Math.min(end, extra.byteLength)) return size;
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    });
  }
  return sizes;
}

function locate(source: ByteSource, name: string, header: number, length: number): Omit<ZipEntry, 'stored'> {
  const bytes = readPiece(source, header, LOCAL_BYTES, `the header of '${name}'`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== SIGNATURES.local) throw refuse(`the archive's '${name}' is not where it should be`);
  const from = header + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (from + length > source.size)
    throw refuse(`'${name}' must end by byte ${source.size}, got ${length} bytes at ${from}`);
  return { from, length };
}
