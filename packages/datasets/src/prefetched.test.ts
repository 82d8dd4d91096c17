import { describe, expect, it } from 'vitest';
import { prefetched } from './prefetched.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('prefetched: properties', () => {
  it('keeps the order, whatever is ready first', async () => {
    const made: number[] = [];
    const results = prefetched(2, 9, 3, async (index) => {
      for (let i = index; i < 9; i++) await turn();
      made.push(index);
      return index;
    });
    const got: number[] = [];
    for await (const index of results) got.push(index);
    expect(got).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(made).not.toEqual(got);
  });

  it.each([0, 1, 3])('makes %s ahead of the one in use', async (ahead) => {
    let begun = 0;
    const results = prefetched(0, 10, ahead, async () => begun++);
    await turn();
    expect(begun).toBe(0);
    for (let used = 1; used <= 10; used++) {
      await results.next();
      await turn();
      expect(begun).toBe(Math.min(10, used + ahead));
    }
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it('reports a failure when its turn comes', async () => {
    const results = prefetched(0, 5, 4, async (index) => {
      if (index === 2) throw new Error('two');
      return index;
    });
    expect(await results.next()).toMatchObject({ value: 0 });
    await turn();
    expect(await results.next()).toMatchObject({ value: 1 });
    await expect(results.next()).rejects.toThrow('two');
    expect(await results.next()).toMatchObject({ done: true });
  });

  it('waits for what is under way when the consumer leaves', async () => {
    let working = 0;
    for await (const index of prefetched(0, 10, 3, async (index) => {
      working++;
      await turn();
      working--;
      return index;
    }))
      if (index === 1) break;
    expect(working).toBe(0);
  });
});
