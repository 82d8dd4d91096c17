import { describe, expect, it } from 'vitest';
import { ProtobufMessage } from './protobuf.ts';

const hex = (message: ProtobufMessage): string => Buffer.from(message.finish()).toString('hex');

/** The examples of the encoding guide of Protocol Buffers, and the edges of its integers. */
describe('values', () => {
  it.each([
    [150, '089601'],
    [0, '0800'],
    [127, '087f'],
    [128, '088001'],
    [-1, '08ffffffffffffffffff01'],
    [-2, '08feffffffffffffffff01'],
    [2 ** 53 - 1, '08ffffffffffffff0f'],
  ])('%d as a varint', (value, expected) => {
    expect(hex(new ProtobufMessage().int(1, value))).toBe(expected);
  });

  it('text, bytes, floats and messages', () => {
    expect(hex(new ProtobufMessage().text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(new ProtobufMessage().text(2, 'ö'))).toBe('1202c3b6');
    expect(hex(new ProtobufMessage().bytes(9, Uint8Array.of(1, 2)))).toBe('4a020102');
    expect(hex(new ProtobufMessage().float(2, -1.5))).toBe('150000c0bf');
    expect(hex(new ProtobufMessage().message(3, new ProtobufMessage().int(1, 150)))).toBe('1a03089601');
    expect(hex(new ProtobufMessage().message(3, new ProtobufMessage()))).toBe('1a00');
  });

  it('field numbers beyond 15, and lengths beyond 127', () => {
    expect(hex(new ProtobufMessage().int(20, 7))).toBe('a00107');
    const long = new ProtobufMessage().text(1, 'a'.repeat(300));
    expect(long.size).toBe(303);
    expect(hex(long).slice(0, 8)).toBe('0aac0261');
  });
});
