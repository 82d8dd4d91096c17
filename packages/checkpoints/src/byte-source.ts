import { CovpoolError } from '@covpool/base';

/** Bytes that are read in pieces: those of an array, or of a file of which only what is needed comes into memory. */
export interface ByteSource {
  /** The number of bytes. */
  size: number;
  /** The bytes [from, from + length), which lie within the source. */
  read(from: number, length: number): Uint8Array;
}

export const bytesSource = (bytes: Uint8Array): ByteSource => ({
  size: bytes.byteLength,
  read: (from, length) => bytes.subarray(from, from + length),
});

/** @throws bad-input if the source ends before; nothing is allocated then */
export function readPiece(source: ByteSource, from: number, length: number, what: string): Uint8Array {
  const whole = Number.isSafeInteger(from) && Number.isSafeInteger(length) && from >= 0 && length >= 0;
  if (!whole || from + length > source.size) throw cutOff(what, from, length, source.size);
  return source.read(from, length);
}

const cutOff = (what: string, from: number, length: number, end: number): CovpoolError =>
  new CovpoolError(
    'bad-input',
    `torch file: ${what} must end by byte ${end}, got ${length} bytes at ${from}; is the file cut off?`,
  );

const WINDOW_BYTES = 65_536;
const LONGEST_LINE = 512;

/** Reads a source from front to back, through a window. Numbers are little-endian. */
export class ByteCursor {
  private window: DataView = new DataView(new ArrayBuffer(0));
  private windowStart = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly what: string,
    public position = 0,
    private readonly end = source.size,
  ) {}

  bytes(length: number): Uint8Array {
    const { view, at } = this.take(length);
    return new Uint8Array(view.buffer, view.byteOffset + at, length);
  }

  uint8(): number {
    const { view, at } = this.take(1);
    return view.getUint8(at);
  }

  uint16(): number {
    const { view, at } = this.take(2);
    return view.getUint16(at, true);
  }

  int32(): number {
    const { view, at } = this.take(4);
    return view.getInt32(at, true);
  }

  uint32(): number {
    const { view, at } = this.take(4);
    return view.getUint32(at, true);
  }

  /** A count or a length of 64 bits; beyond 2^53 it is inexact, and larger than any file. */
  uint64(): number {
    const { view, at } = this.take(8);
    return Number(view.getBigUint64(at, true));
  }

  /** Pickles have big-endian floats. */
  bigEndianFloat64(): number {
    const { view, at } = this.take(8);
    return view.getFloat64(at);
  }

  /** Characters up to a line feed, which is passed over. */
  line(): string {
    let text = '';
    for (let code = this.uint8(); code !== 10; code = this.uint8()) {
      if (text.length === LONGEST_LINE) {
        throw new CovpoolError(
          'bad-input',
          `torch file: ${this.what} has a name of more than ${LONGEST_LINE} characters`,
        );
      }
      text += String.fromCharCode(code);
    }
    return text;
  }

  private take(length: number): { view: DataView; at: number } {
    const from = this.position;
    const at = from - this.windowStart;
    if (length <= this.window.byteLength - at) {
      this.position += length;
      return { view: this.window, at };
    }
    if (length > this.end - from) throw cutOff(this.what, from, length, this.end);
    const wanted = Math.max(length, Math.min(WINDOW_BYTES, this.end - from));
    const piece = readPiece(this.source, from, wanted, this.what);
    this.window = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    this.windowStart = from;
    this.position += length;
    return { view: this.window, at: 0 };
  }
}
