import { describe, expect, it } from 'vitest';
import { checkOptionNames, registry } from './registry.ts';

describe('registry', () => {
  it('is shared by every call with the same kind', () => {
    registry<number>('a', 'test-shared').register('one', 1);
    expect(registry<number>('b', 'test-shared').get('one')).toBe(1);
    expect(registry<number>('b', 'test-other').has('one')).toBe(false);
  });

  it('lists names by pattern in the order of registration', () => {
    const things = registry<number>('a', 'test-pattern');
    for (const name of ['svd-pade', 'isqrt', 'svd-taylor', 'svd.x']) things.register(name, 0);
    expect(things.names('svd-*')).toEqual(['svd-pade', 'svd-taylor']);
    expect(things.names('*x')).toEqual(['svd.x']);
    expect(things.names('svd.*')).toEqual(['svd.x']);
    expect(things.names()).toHaveLength(4);
  });

  it('names the unknown and lists what exists', () => {
    const things = registry<number>('createThing', 'test-unknown');
    things.register('known', 1);
    expect(() => things.get('nowhere')).toThrow("createThing: unknown test-unknown 'nowhere'; known: known");
  });
});

describe('checkOptionNames', () => {
  it('accepts known options and names the first unknown one', () => {
    checkOptionNames('pooling', { dim: 1 }, ['dim']);
    expect(() => checkOptionNames("pooling 'isqrt'", { dim: 1, iter: 5 }, ['dim', 'iterations'])).toThrow(
      "pooling 'isqrt': unknown option 'iter'; it has: dim, iterations",
    );
  });
});
