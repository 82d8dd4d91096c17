/** What a random stream is a function of: a seed, names and counters. */
export type KeyPart = string | number;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function mixByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
}

/** MurmurHash3's finaliser: every input bit reaches every output bit. */
function avalanche(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A 32-bit seed from a path such as `(seed, 'layer1.0.conv1.weight')` or `(seed, 'augment', epoch, index)`.
 * The same path gives the same seed on every platform; paths that differ in any part are unrelated.
 */
export function deriveSeed(...path: KeyPart[]): number {
  let hash = FNV_OFFSET;
  for (const part of path) {
    const text = typeof part === 'number' ? `#${part}` : `$${part}`;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      hash = mixByte(mixByte(hash, code & 0xff), code >>> 8);
    }
    hash = mixByte(hash, 0x1f);
  }
  return avalanche(hash);
}

/** A seeded stream of random numbers (sfc32 by Chris Doty-Humphrey: 128 bits of state, passes PractRand). */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(...path: KeyPart[]) {
    this.a = deriveSeed(...path, 'a');
    this.b = deriveSeed(...path, 'b');
    this.c = deriveSeed(...path, 'c');
    for (let i = 0; i < 12; i++) this.nextUint32();
  }

  nextUint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** Uniform in [low, high), 32 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.nextUint32() / 4294967296);
  }

  /** A whole number in [0, bound). */
  integer(bound: number): number {
    return Math.floor(this.uniform(0, bound));
  }

  /** Gaussian with the given mean and standard deviation (Box–Muller). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher–Yates) and returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      (items as Record<number, unknown>)[i] = items[j];
      (items as Record<number, unknown>)[j] = held;
    }
    return items;
  }
}
