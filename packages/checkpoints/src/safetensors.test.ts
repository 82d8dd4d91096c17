import { CovpoolError } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { type Dtype, float32Data, type TensorData, toFloat32 } from './tensor-data.ts';

const joined = (pieces: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

function file(header: string, body: number[] = []): Uint8Array {
  const json = new TextEncoder().encode(header);
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  return joined([head, json, Uint8Array.from(body)]);
}

const example = (): Map<string, TensorData> =>
  new Map([
    ['conv.weight', float32Data([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))],
    ['empty', float32Data([0, 4], new Float32Array(0))],
    ['scalar', float32Data([], Float32Array.of(7))],
  ]);

describe('values', () => {
  it('reads what it writes, metadata too', () => {
    const { tensors, metadata } = readSafetensors(joined(writeSafetensors(example(), { epoch: '3' })));
    expect(metadata).toEqual({ epoch: '3' });
    expect([...tensors.keys()]).toEqual(['conv.weight', 'empty', 'scalar']);
    expect(tensors.get('conv.weight')!.shape).toEqual([2, 3]);
    expect([...toFloat32(tensors.get('conv.weight')!)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...toFloat32(tensors.get('scalar')!)]).toEqual([7]);
  });

  it('aligns the tensors, as readers that map the file expect', () => {
    expect(writeSafetensors(example())[0]!.byteLength % 8).toBe(0);
  });

  it('reads the bytes of every element type', () => {
    const cases: [Dtype, number[], number][] = [
      ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5],
      ['F16', [0x00, 0x3e], 1.5],
      ['F16', [0x01, 0x00], 2 ** -24],
      ['F16', [0x00, 0xfc], Number.NEGATIVE_INFINITY],
      ['BF16', [0xc0, 0x3f], 1.5],
      ['I64', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
      ['I32', [0xfe, 0xff, 0xff, 0xff], -2],
      ['I16', [0x00, 0x01], 256],
      ['I8', [0xff], -1],
      ['U8', [0xff], 255],
      ['BOOL', [1], 1],
    ];
    for (const [dtype, bytes, value] of cases) {
      expect([...toFloat32({ dtype, shape: [], data: Uint8Array.from(bytes) })]).toEqual([value]);
    }
  });
});

describe('rejects', () => {
  it.each([
    ['a file of another kind', Uint8Array.of(1, 2, 3), /at least 8 bytes/],
    ['a header longer than the file', Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0), /must fit into the file/],
    ['a header that is not JSON', file('{'), /must be JSON/],
    ['a header that is a list', file('[]'), /JSON object/],
    [
      'unknown types',
      file('{"a":{"dtype":"C64","shape":[],"data_offsets":[0,8]}}', new Array(8).fill(0)),
      /'a' must have one of/,
    ],
    ['negative extents', file('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', [0]), /whole numbers/],
    [
      'a size that is not that of the shape',
      file('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}', [0]),
      /2 bytes/,
    ],
    ['bytes beyond the end', file('{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', [0]), /within the file/],
    ['bytes that no tensor has', file('{}', [0]), /1 bytes more/],
    [
      'tensors that overlap',
      file(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        [0, 0, 0],
      ),
      /without gaps/,
    ],
    ['metadata other than strings', file('{"__metadata__":{"a":1}}'), /strings only/],
  ])('%s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(CovpoolError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  it('to write what it would refuse to read', () => {
    const wrong = new Map([['a', float32Data([7], Float32Array.of(1, 2, 3))]]);
    expect(() => writeSafetensors(wrong)).toThrow(/'a' must have 28 bytes, got 12/);
  });
});
