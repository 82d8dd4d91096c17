/** A message of Protocol Buffers that is being written: fields in the order of the calls. */
export class ProtobufMessage {
  private readonly pieces: Uint8Array[] = [];
  /** Bytes so far. */
  size = 0;

  /** A whole number, as int32, int64, enum or bool. */
  int(field: number, value: number): this {
    return this.push(varint(field * 8)).push(varint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.push(varint(field * 8 + 5)).push(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(field * 8 + 2))
      .push(varint(value.byteLength))
      .push(value);
  }

  message(field: number, value: ProtobufMessage): this {
    this.push(varint(field * 8 + 2)).push(varint(value.size));
    for (const piece of value.pieces) this.push(piece);
    return this;
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.size);
    let at = 0;
    for (const piece of this.pieces) {
      whole.set(piece, at);
      at += piece.byteLength;
    }
    return whole;
  }

  private push(piece: Uint8Array): this {
    this.pieces.push(piece);
    this.size += piece.byteLength;
    return this;
  }
}

/** Seven bits a byte, the lowest first; negative numbers in two's complement of 64 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}
