import { describe, expect, it } from 'vitest';
import { checkArgument, checkPositiveWhole, CovpoolError, unknownName } from './error.ts';

describe('checkArgument', () => {
  it('builds its message only when it fails', () => {
    let built = 0;
    const message = () => `who: requirement ${++built}`;
    checkArgument(true, message);
    expect(built).toBe(0);
    expect(() => checkArgument(false, message)).toThrow(new CovpoolError('bad-argument', 'who: requirement 1'));
  });
});

describe('checkPositiveWhole', () => {
  it('lets 1 and more be, and names what is not', () => {
    for (const value of [1, 512]) checkPositiveWhole('who', 'rank', value);
    for (const value of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => checkPositiveWhole('who', 'rank', value)).toThrow(
        new CovpoolError('bad-argument', `who: rank must be a positive whole number, got ${value}`),
      );
    }
  });
});

describe('unknownName', () => {
  it('lists what exists, sorted', () => {
    const error = unknownName('pooling', 'name', 'sqrt', ['mpn', 'isqrt']);
    expect(error).toBeInstanceOf(CovpoolError);
    expect(error.code).toBe('bad-argument');
    expect(error.message).toBe("pooling: unknown name 'sqrt'; known: isqrt, mpn; did you mean 'isqrt'?");
    expect(unknownName('pooling', 'name', 'xyzzy', ['mpn', 'isqrt']).message).toMatch(/known: isqrt, mpn$/);
  });

  it('says so when nothing is registered', () => {
    expect(unknownName('pooling', 'name', 'x', []).message).toContain('none registered');
  });
});
