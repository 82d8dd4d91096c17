import { CovpoolError } from '@covpool/base';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

type Expectation =
  | 'object'
  | 'key or end'
  | 'key'
  | 'colon'
  | 'value'
  | 'item or end'
  | 'item'
  | 'next item'
  | 'next key'
  | 'end';

/** Takes the elements of the lists of the outermost object. */
export type ItemTaker = (list: string, item: unknown, index: number) => void;

/**
 * Reads a JSON object whose members are mostly lists, and hands over the elements of these lists one by one, in the order of the
 * file. Of the text only the element that is being read is in memory, so a file may be larger than the longest string. Other
 * members are checked and dropped. Cost: one pass over the bytes and `JSON.parse` of each element.
 *
 * @param name What to call the text in an error.
 * @throws `bad-input` with the offset in bytes for what is no such JSON, is cut off, or has a list twice.
 */
export async function readJsonLists(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  take: ItemTaker,
): Promise<ReadonlySet<string>> {
  const reader = new ListReader(name, take);
  for await (const chunk of chunks) reader.push(chunk);
  return reader.end();
}

class ListReader {
  private expects: Expectation = 'object';
  /** Bytes before the current chunk. */
  private offset = 0;
  private readonly value = new ValueScanner();
  private readonly lists = new Set<string>();
  private key = '';
  private index = 0;

  constructor(private readonly name: string, private readonly take: ItemTaker) {}

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.value.open) {
        at = this.value.scan(chunk, at);
        if (!this.value.open) this.finish(this.offset + at);
        continue;
      }
      const byte = chunk[at]!;
      const isMark = this.offset + at < 3 && byte === BYTE_ORDER_MARK[this.offset + at];
      if (isMark || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) at++;
      else at = this.step(byte, at);
    }
    this.offset += chunk.length;
  }

  end(): ReadonlySet<string> {
    if (this.expects !== 'end') throw this.refuse('JSON must not end here', 'its end', this.offset);
    return this.lists;
  }

  /** Takes one byte of structure, or starts a value at it; where to go on. */
  private step(byte: number, at: number): number {
    const { expects } = this;
    if (expects === 'object' && byte === OPEN_OBJECT) this.expects = 'key or end';
    else if ((expects === 'key or end' || expects === 'next key') && byte === CLOSE_OBJECT) this.expects = 'end';
    else if (expects === 'next key' && byte === COMMA) this.expects = 'key';
    else if (expects === 'colon' && byte === COLON) this.expects = 'value';
    else if (expects === 'value' && byte === OPEN_LIST) this.openList(at);
    else if ((expects === 'item or end' || expects === 'next item') && byte === CLOSE_LIST) this.expects = 'next key';
    else if (expects === 'next item' && byte === COMMA) this.expects = 'item';
    else if ((expects === 'key or end' || expects === 'key') && byte === QUOTE) this.value.start();
    else if (expects === 'value' || expects === 'item or end' || expects === 'item') return this.startValue(byte, at);
    else
      throw this.refuse(
        `${described[expects]} is required`,
        JSON.stringify(String.fromCharCode(byte)),
        this.offset + at,
      );
    return this.value.open ? at : at + 1;
  }

  private openList(at: number): void {
    if (this.lists.has(this.key))
      throw this.refuse(`each list must occur once`, `'${this.key}' again`, this.offset + at);
    this.lists.add(this.key);
    this.index = 0;
    this.expects = 'item or end';
  }

  private startValue(byte: number, at: number): number {
    if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || byte === COLON)
      throw this.refuse('a value is required', `'${String.fromCharCode(byte)}'`, this.offset + at);
    this.value.start();
    return at;
  }

  private finish(end: number): void {
    let value: unknown;
    try {
      value = JSON.parse(this.value.text());
    } catch (cause) {
      throw this.refuse('well-formed JSON is required', (cause as Error).message.replaceAll(/\s+/g, ' '), end);
    }
    if (this.expects === 'key or end' || this.expects === 'key') {
      this.key = value as string;
      this.expects = 'colon';
    } else if (this.expects === 'value') this.expects = 'next key';
    else {
      this.take(this.key, value, this.index++);
      this.expects = 'next item';
    }
  }

  private refuse(required: string, got: string, offset: number): CovpoolError {
    return new CovpoolError('bad-input', `${this.name}: ${required}, got ${got} (byte ${offset})`);
  }
}

const described: Record<Expectation, string> = {
  object: "an object, '{',",
  'key or end': "a name or '}'",
  key: 'a name',
  colon: "':'",
  value: 'a value',
  'item or end': "a value or ']'",
  item: 'a value',
  'next item': "',' or ']'",
  'next key': "',' or '}'",
  end: 'nothing more',
};

/** Collects the bytes of one value, which may lie in several chunks. */
class ValueScanner {
  open = false;
  private kind: 'unknown' | 'string' | 'container' | 'scalar' = 'unknown';
  private parts: Uint8Array[] = [];
  private depth = 0;
  private inString = false;
  private escaped = false;

  start(): void {
    this.open = true;
    this.kind = 'unknown';
    this.parts = [];
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
  }

  /** Scans from `start` to the value's end or the chunk's; where it stopped. */
  scan(chunk: Uint8Array, start: number): number {
    let at = start;
    if (this.kind === 'unknown') {
      const first = chunk[at]!;
      this.kind = first === QUOTE ? 'string' : first === OPEN_LIST || first === OPEN_OBJECT ? 'container' : 'scalar';
    }
    at = this.kind === 'scalar' ? this.scanScalar(chunk, at) : this.scanNested(chunk, at);
    // A copy where the value goes on: streams may use a chunk's memory again.
    this.parts.push(this.open ? chunk.slice(start, at) : chunk.subarray(start, at));
    return at;
  }

  text(): string {
    const decoder = new TextDecoder();
    const parts = this.parts.map((part, i) => decoder.decode(part, { stream: i < this.parts.length - 1 }));
    this.parts = [];
    return parts.join('');
  }

  private scanScalar(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || byte <= 0x20) {
        this.open = false;
        return at;
      }
    }
    return chunk.length;
  }

  private scanNested(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.escaped) this.escaped = false;
      else if (this.inString) {
        if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) {
          this.inString = false;
          if (this.depth === 0) return this.close(at);
        }
      } else if (byte === QUOTE) this.inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.depth++;
      else if ((byte === CLOSE_LIST || byte === CLOSE_OBJECT) && --this.depth === 0) return this.close(at);
    }
    return chunk.length;
  }

  private close(last: number): number {
    this.open = false;
    return last + 1;
  }
}
