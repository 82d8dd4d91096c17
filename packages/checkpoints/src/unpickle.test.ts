import { CovpoolError } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { ByteCursor, bytesSource } from './byte-source.ts';
import { findStateDict } from './state-dict.ts';
import { readStorageId, torchGlobals } from './torch-tensor.ts';
import { unpickle } from './unpickle.ts';

/** Text stands for its characters. */
const read = (...parts: (number | string)[]): unknown => {
  const bytes = parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')]));
  const cursor = new ByteCursor(bytesSource(Uint8Array.of(0x80, 2, ...bytes)), 'the pickle');
  return unpickle(cursor, { globals: torchGlobals, persistent: readStorageId });
};

describe('values', () => {
  it.each<[string, unknown, (number | string)[]]>([
    ['None, True, False', [null, true, false], ['(N', 0x88, 0x89, 't.']],
    ['bytes and words', [200, 513, -2], ['(K', 200, 'M', 1, 2, 'J', 0xfe, 255, 255, 255, 't.']],
    ['long numbers', [-1, 2n ** 63n], ['(', 0x8a, 1, 255, 0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 't.']],
    ['the empty long number', 0, [0x8a, 0, '.']],
    ['floats', 1.5, ['G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, '.']],
    ["text of Python 2's", ['a', 'é'], ['(U', 1, 'aT', 1, 0, 0, 0, 0xe9, 't.']],
    ['lists, one by one and together', [1, 2, 3], [']K', 1, 'a(K', 2, 'K', 3, 'e.']],
    ['tuples', [[1], [1, 1], [1, 1, 1]], ['(K', 1, 'q', 0, 0x85, 'h', 0, 'h', 0, 0x86, 'h', 0, '22', 0x87, 't.']],
    ['what was noted', ['x', 'x'], ['(U', 1, 'xr', 7, 1, 0, 0, 'j', 7, 1, 0, 0, 't.']],
    ['what is dropped', 1, ['K', 1, 'K', 2, '0(K', 3, '1.']],
  ])('%s', (_, value, parts) => {
    expect(read(...parts)).toEqual(value);
  });

  it('makes an OrderedDict of pairs, as Python 2 writes it', () => {
    expect(read('ccollections\nOrderedDict\n](](U', 1, 'aK', 1, 'ee', 0x85, 'R.')).toEqual(new Map([['a', 1]]));
  });

  it('passes over attributes of a dictionary', () => {
    expect(read('}U', 1, 'aK', 1, 's}b.')).toEqual(new Map([['a', 1]]));
  });
});

describe('rejects', () => {
  it.each<[string, RegExp, (number | string)[]]>([
    ['another class', /got "os\.system"/, ['cos\nsystem\n.']],
    ['a class named by two strings', /got "os\.system"/, ['U', 2, 'osU', 6, 'system', 0x93, '.']],
    ['objects', /NEWOBJ/, ['N', 0x81, '.']],
    ['old objects', /INST/, ['(ios\nsystem\n.']],
    ['extensions', /EXT1/, [0x82, 1, '.']],
    ['an unknown opcode', /opcode 0xff/, [0xff]],
    ['a function that is none', /applies a value/, ['U', 1, 'x)R.']],
    ['a class of storages as function', /applies a value/, ['ctorch\nFloatStorage\n)R.']],
    ['arguments that are none', /tuple/, ['ctorch\nSize\nNR.']],
    ['an empty stack', /more values/, ['.']],
    ['values below a mark', /more values/, ['K', 1, '(0.']],
    ['a missing mark', /mark/, ['t.']],
    ['a note that is none', /refers to value 3/, ['h', 3, '.']],
    ['items of no dictionary', /no dictionary/, ['K', 1, 'NNs.']],
    ['attributes of no dictionary', /no dictionary/, [']Nb.']],
    ['additions to no list', /no list/, ['NNa.']],
    ['a length beyond the end', /cut off/, ['X', 255, 255, 255, 127, 'x.']],
    ['numbers without end', /at most 32 bytes/, [0x8b, 255, 255, 255, 255]],
    ['names without end', /more than 512/, [`c${'x'.repeat(600)}`]],
    ['a storage of no known type', /must have a type/, ['(U', 7, 'storageNU', 1, '0U', 3, 'cpuK', 1, 'tQ.']],
    ['a tensor without storage', /must have a storage/, ['ctorch._utils\n_rebuild_tensor_v2\n(NK', 0, '))tR.']],
  ])('%s', (_, message, parts) => {
    expect(() => read(...parts)).toThrow(CovpoolError);
    expect(() => read(...parts)).toThrow(message);
  });

  it('tensors beyond their storage, and more axes than PyTorch has', () => {
    const tensor = (offset: number, shape: number[], strides: number[]) =>
      read(
        ...['ctorch._utils\n_rebuild_tensor\n((U', 7, 'storagectorch\nFloatStorage\nU', 1, '0U', 3, 'cpuK', 6, 'tQK'],
        ...[offset, '(', ...shape.flatMap((n) => ['K', n]), 't(', ...strides.flatMap((n) => ['K', n]), 'ttR.'],
      );
    expect(tensor(0, [2, 3], [3, 1])).toMatchObject({ shape: [2, 3], strides: [3, 1] });
    expect(tensor(9, [0, 3], [3, 1])).toMatchObject({ shape: [0, 3] });
    for (const [offset, shape, strides] of [
      [1, [2, 3], [3, 1]],
      [0, [2, 3], [4, 1]],
      [0, [7], [1]],
      [6, [], []],
    ] as const) {
      expect(() => tensor(offset, [...shape], [...strides])).toThrow(/must lie within its storage of 6 elements/);
    }
    const many = new Array<number>(65).fill(1);
    expect(() => tensor(0, many, many)).toThrow(/at most 64/);
    expect(() => tensor(0, [1], [])).toThrow(/as many strides/);
  });

  it('copies that grow beyond the pickle', () => {
    const list = [']q', 0, '(', ...new Array<string>(200).fill(']NaNa'), 'e'];
    const copies = new Array<string | number>(50)
      .fill('')
      .flatMap(() => ['ccollections\nOrderedDict\nh', 0, 0x85, 'R']);
    expect(() => read('(', ...list, ...copies, 't.')).toThrow(/grows far beyond/);
  });

  it('dictionaries without end, as no state dict', () => {
    const endless = read('}q', 0, 'U', 5, 'modelh', 0, 's.');
    expect(() => findStateDict(endless)).toThrow(/a state dict is required, got a dictionary with model/);
    expect(() => findStateDict(null)).toThrow(/got None/);
  });
});
