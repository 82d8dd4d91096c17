import type { Random } from '@covpool/base';

/** What breaks readers most: ends of ranges, signs, opcodes of pickles, JSON's punctuation. */
const SHARP = Uint8Array.of(0, 1, 0x7f, 0x80, 0xff, ...Buffer.from('(.RbhqtuQ0{}[],":-9e'));

/** The file with one to four accidents: bytes changed, lost, doubled or moved in from another file, counts made huge. */
export function mutate(original: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = original;
  for (let left = random.integer(4); left >= 0; left--) {
    bytes = accidents[random.integer(accidents.length)]!(bytes, other, random);
  }
  return bytes;
}

type Accident = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array;

const accidents: Accident[] = [
  (bytes, _, random) => replace(bytes, random, 1, Uint8Array.of(random.integer(256))),
  (bytes, _, random) => replace(bytes, random, 1, SHARP.subarray(random.integer(SHARP.byteLength)).subarray(0, 1)),
  (bytes, _, random) => replace(bytes, random, 4, number32(random)),
  (bytes, _, random) => replace(bytes, random, random.integer(64), new Uint8Array(0)),
  (bytes, other, random) => replace(bytes, random, random.integer(8), piece(other, random)),
  (bytes, _, random) => replace(bytes, random, 0, piece(bytes, random)),
  (bytes, _, random) => bytes.subarray(0, random.integer(bytes.byteLength + 1)),
];

function replace(bytes: Uint8Array, random: Random, length: number, by: Uint8Array): Uint8Array {
  const at = random.integer(bytes.byteLength + 1);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]));
}

function piece(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.integer(bytes.byteLength + 1);
  return bytes.subarray(from, from + random.integer(64));
}

const NUMBERS = [0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

function number32(random: Random): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, NUMBERS[random.integer(NUMBERS.length)]!, true);
  return bytes;
}
