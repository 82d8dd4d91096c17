import { CovpoolError } from '@covpool/base';
import type { ByteCursor } from './byte-source.ts';

/** What a pickle may name: a plain value, or something that can be applied to arguments. */
export interface PickleGlobal {
  name: string;
  apply?: (args: unknown[]) => unknown;
}

/** What a pickle may refer to. */
export interface PickleWorld {
  /** By `module.name`; whatever else a pickle names is refused. */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** What the writer kept beside the pickle. */
  persistent?: (id: unknown) => unknown;
}

const refuse = (what: string): CovpoolError => new CovpoolError('bad-input', `torch file: ${what}`);

/** Longer whole numbers stand in no checkpoint. */
const MOST_NUMBER_BYTES = 32;

/**
 * Reads one pickle (protocols 2 to 5). Lists and tuples become arrays, dictionaries `Map`s, whole numbers beyond 2^53
 * bigints. It is a reader of data: whatever would call something other than the world's globals is refused by name.
 *
 * @throws bad-input
 */
export function unpickle(cursor: ByteCursor, world: PickleWorld): unknown {
  const machine = new PickleMachine(cursor, world);
  if (cursor.uint8() !== 0x80) throw refuse('a pickle of protocol 2 or later is required');
  const protocol = cursor.uint8();
  if (protocol < 2 || protocol > 5) throw refuse(`a pickle of protocol 2 to 5 is required, got protocol ${protocol}`);
  for (;;) {
    const code = cursor.uint8();
    if (code === STOP) return machine.pop();
    const step = opcodes[code];
    if (!step) throw refuse(`a pickle of plain data is required, got opcode 0x${code.toString(16)}${named(code)}`);
    step(machine, cursor);
  }
}

const STOP = 0x2e;

/** Opcodes that make objects of whatever class they name. */
const refused: Record<number, string> = {
  0x69: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x92: 'NEWOBJ_EX',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
};
const named = (code: number): string => (refused[code] ? ` (${refused[code]}), which makes objects` : '');

class PickleMachine {
  private readonly stack: unknown[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();
  private copied = 0;

  constructor(private readonly cursor: ByteCursor, readonly world: PickleWorld) {}

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw refuse('the pickle takes more values than it has');
    return this.stack.pop();
  }

  peek(): unknown {
    const top = this.pop();
    this.stack.push(top);
    return top;
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  popToMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw refuse('the pickle returns to a mark that it has not set');
    return this.stack.splice(mark);
  }

  popArray(what: string): unknown[] {
    const value = this.pop();
    if (!Array.isArray(value)) throw refuse(`the pickle must give ${what} as a tuple`);
    return value;
  }

  memoize(index = this.memo.size): void {
    this.memo.set(index, this.peek());
  }

  recall(index: number): void {
    if (!this.memo.has(index)) throw refuse(`the pickle refers to value ${index}, which it has not noted`);
    this.push(this.memo.get(index));
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    const found = this.world.globals.get(full);
    if (!found) {
      const what = JSON.stringify(full);
      throw refuse(`only tensors, numbers, text, lists and dictionaries are read, got ${what}; nothing of it was run`);
    }
    this.push(found);
  }

  apply(): void {
    const args = this.popArray('arguments');
    const target = this.pop() as Partial<PickleGlobal> | null;
    if (typeof target?.apply !== 'function') throw refuse('the pickle applies a value that is no function');
    // Whoever copies an argument costs more than the bytes that ask for it.
    for (const arg of args) if (Array.isArray(arg)) this.copied += arg.length;
    if (this.copied > this.cursor.position) throw refuse('the pickle grows far beyond its own size');
    this.push(target.apply(args));
  }

  append(values: unknown[]): void {
    const list = this.peek();
    if (!Array.isArray(list)) throw refuse('the pickle appends to a value that is no list');
    for (const value of values) list.push(value);
  }

  setItems(pairs: unknown[]): void {
    const map = this.peek();
    if (!(map instanceof Map) || pairs.length % 2 > 0)
      throw refuse('the pickle sets items of a value that is no dictionary');
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  }

  /** Attributes that Python keeps on a dictionary (`_metadata` of a state dict) say nothing about tensors. */
  build(): void {
    this.pop();
    if (!(this.peek() instanceof Map)) throw refuse('the pickle sets attributes of a value that is no dictionary');
  }

  persist(): void {
    const id = this.pop();
    if (!this.world.persistent) throw refuse('the pickle refers to a storage where none can be');
    this.push(this.world.persistent(id));
  }
}

const utf8 = new TextDecoder('utf-8');
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (code) => String.fromCharCode(code)).join('');

function wholeNumber(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.slice().reverse()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.byteLength, value);
  const near = Number(signed);
  return Number.isSafeInteger(near) ? near : signed;
}

function long(cursor: ByteCursor, length: number): number | bigint {
  if (length > MOST_NUMBER_BYTES)
    throw refuse(`whole numbers must have at most ${MOST_NUMBER_BYTES} bytes, got ${length}`);
  return wholeNumber(cursor.bytes(length));
}

type Step = (machine: PickleMachine, cursor: ByteCursor) => void;

const tupleOf =
  (count: number): Step =>
  (m) =>
    m.push(Array.from({ length: count }, () => m.pop()).reverse());

const opcodes: Record<number, Step | undefined> = {
  0x28: (m) => m.mark(),
  0x30: (m) => void m.pop(),
  0x31: (m) => void m.popToMark(),
  0x32: (m) => m.push(m.peek()),
  0x4e: (m) => m.push(null),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  0x4a: (m, c) => m.push(c.int32()),
  0x4b: (m, c) => m.push(c.uint8()),
  0x4d: (m, c) => m.push(c.uint16()),
  0x8a: (m, c) => m.push(long(c, c.uint8())),
  0x8b: (m, c) => m.push(long(c, c.uint32())),
  0x47: (m, c) => m.push(c.bigEndianFloat64()),
  0x54: (m, c) => m.push(latin1(c.bytes(c.uint32()))),
  0x55: (m, c) => m.push(latin1(c.bytes(c.uint8()))),
  0x58: (m, c) => m.push(utf8.decode(c.bytes(c.uint32()))),
  0x8c: (m, c) => m.push(utf8.decode(c.bytes(c.uint8()))),
  0x8d: (m, c) => m.push(utf8.decode(c.bytes(c.uint64()))),
  0x5d: (m) => m.push([]),
  0x61: (m) => {
    const value = m.pop();
    m.append([value]);
  },
  0x65: (m) => m.append(m.popToMark()),
  0x29: (m) => m.push([]),
  0x74: (m) => m.push(m.popToMark()),
  0x85: tupleOf(1),
  0x86: tupleOf(2),
  0x87: tupleOf(3),
  0x7d: (m) => m.push(new Map()),
  0x73: (m) => {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  0x75: (m) => m.setItems(m.popToMark()),
  0x63: (m, c) => {
    const module = c.line();
    m.global(module, c.line());
  },
  0x93: (m) => {
    const name = m.pop();
    const module = m.pop();
    if (typeof name !== 'string' || typeof module !== 'string') throw refuse('the pickle names something by no name');
    m.global(module, name);
  },
  0x52: (m) => m.apply(),
  0x62: (m) => m.build(),
  0x51: (m) => m.persist(),
  0x71: (m, c) => m.memoize(c.uint8()),
  0x72: (m, c) => m.memoize(c.uint32()),
  0x94: (m) => m.memoize(),
  0x68: (m, c) => m.recall(c.uint8()),
  0x6a: (m, c) => m.recall(c.uint32()),
  // A frame says how far to read ahead, which the cursor's window does by itself.
  0x95: (_, c) => void c.uint64(),
};
