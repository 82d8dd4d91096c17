import { Random } from '@covpool/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonLists } from './json-lists.ts';

async function* inPieces(text: string, piece: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  // One buffer for all pieces, as streams may do it.
  const buffer = new Uint8Array(piece);
  for (let at = 0; at < bytes.length; at += piece) {
    const part = bytes.subarray(at, at + piece);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

async function read(text: string, piece = 5): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  const lists = await readJsonLists(inPieces(text, piece), 'a.json', (list, item, index) => {
    (found[list] ??= [])[index] = item;
  });
  for (const list of lists) found[list] ??= [];
  return found;
}

describe('readJsonLists: values', () => {
  it('gives the elements of the lists, and leaves out what is no list', async () => {
    const text =
      ' {"info": {"a": [1, "]"]}, "x" : [1, "a\\"]", {"b": [2]}, null ] ,"n": -1.5e3, "s": "}", "empty": []}\n';
    expect(await read(text)).toEqual({ x: [1, 'a"]', { b: [2] }, null], empty: [] });
  });

  it('reads the empty object and a byte order mark', async () => {
    expect(await read('{}')).toEqual({});
    expect(await read('\ufeff{"x":[true]}', 1)).toEqual({ x: [true] });
  });
});

describe('readJsonLists: properties', () => {
  it('gives what JSON.parse gives, however the bytes are cut', async () => {
    const lists = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.array(fc.jsonValue(), { maxLength: 5 }), {
      maxKeys: 4,
    });
    const property = fc.asyncProperty(
      lists,
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      async (value, piece, wide) => {
        const text = JSON.stringify(value, null, wide ? 2 : undefined);
        const found = await read(text, piece);
        expect(Object.entries(found).sort()).toEqual(Object.entries(JSON.parse(text)).sort());
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 1 });
  });

  it('refuses or reads what was cut off or damaged, and never hangs', async () => {
    const random = new Random(1, 'damage');
    const text = '{"images":[{"id":1,"file_name":"é.jpg"},{"id":2}],"info":{"y":[1,2]},"annotations":[[1,2],"x",3]}';
    for (let i = 0; i < 300; i++) {
      const at = Math.floor(random.uniform() * text.length);
      await expect(read(text.slice(0, at), 7)).rejects.toMatchObject({ code: 'bad-input' });
      const changed = text.slice(0, at) + '[]{}:,"x1'[i % 9] + text.slice(at + 1);
      const outcome = await read(changed, 3).catch((error: { code: string }) => error.code);
      const valid = (() => {
        try {
          JSON.parse(changed);
          return true;
        } catch {
          return false;
        }
      })();
      expect(outcome === 'bad-input').toBe(!valid);
    }
  });
});

describe('readJsonLists: rejects', () => {
  it.each([
    ['', /a\.json: JSON must not end here, got its end \(byte 0\)/],
    ['[1]', /an object, '{', is required, got "\["/],
    ['{"x":[1 2]}', /',' or '\]' is required, got "2" \(byte 8\)/],
    ['{"x":[1,]}', /a value is required, got ']'/],
    ['{"x":[1],}', /a name is required, got "}"/],
    ['{"x":[NaN]}', /well-formed JSON is required, got .*NaN/],
    ['{"x":[1]} {', /nothing more is required, got "{"/],
    ['{"x":[],"x":[]}', /each list must occur once, got 'x' again/],
    ['{"x":[{"a":1}', /must not end here/],
  ])('%s', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});
