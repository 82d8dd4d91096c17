import { CovpoolError } from '@covpool/base';
import { crc32 } from './crc32.ts';

const ALIGNMENT = 64;
const LOCAL_BYTES = 30;
const MOST_BYTES = 2 ** 32 - 1;
const MOST_FILES = 2 ** 16 - 1;
/** Version 2.0, names in UTF-8, stored as they are. */
const HOW = [20, 0x0800, 0];
/** 1 January 1980: the same files make the same archive. */
const TIME = [0, 0x21];

/**
 * A zip archive of files stored as they are, in pieces. Each begins at a multiple of 64 bytes, as PyTorch aligns storages.
 *
 * @throws unsupported beyond 4 GiB or 65,535 files
 */
export function writeZip(files: [name: string, content: Uint8Array][]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  const add = (piece: Uint8Array) => {
    pieces.push(piece);
    position += piece.byteLength;
  };
  for (const [name, content] of files) {
    const path = new TextEncoder().encode(name);
    const start = position;
    const begin = start + LOCAL_BYTES + path.byteLength + 4;
    const padding = new Uint8Array(4 + (Math.ceil(begin / ALIGNMENT) * ALIGNMENT - begin));
    new DataView(padding.buffer).setUint32(0, 0x4246 | ((padding.byteLength - 4) << 16), true);
    const facts = [...words(...HOW, ...TIME), ...longs(crc32(content), content.byteLength, content.byteLength)];
    const lengths = (extra: number) => words(path.byteLength, extra);
    add(Uint8Array.from([...longs(0x04034b50), ...facts, ...lengths(padding.byteLength)]));
    add(path);
    add(padding);
    add(content);
    const rest = [...lengths(0), ...words(0, 0, 0), ...longs(0, start)];
    directory.push(Uint8Array.from([...longs(0x02014b50), ...words(20), ...facts, ...rest]), path);
  }
  const from = position;
  for (const piece of directory) add(piece);
  if (position > MOST_BYTES || files.length > MOST_FILES) {
    throw new CovpoolError(
      'unsupported',
      `writeTorch: at most ${MOST_FILES} tensors and 4 GiB go into one file, got ${files.length} and ${position} bytes; ` +
        'write safetensors in shards',
    );
  }
  const counts = words(0, 0, files.length, files.length);
  add(Uint8Array.from([...longs(0x06054b50), ...counts, ...longs(position - from, from), ...words(0)]));
  return pieces;
}

const words = (...values: number[]): number[] => values.flatMap((value) => [value & 0xff, (value >>> 8) & 0xff]);

const longs = (...values: number[]): number[] =>
  values.flatMap((value) => words(value & 0xffff, (value >>> 16) & 0xffff));
