import { readdir, readFile, writeFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from './atomic-write.ts';

const at = temporaryFolder({ each: true });

describe('writeFileAtomic', () => {
  it('writes text, bytes and chunks', async () => {
    const path = at('file');
    await writeFileAtomic(path, 'text');
    expect(await readFile(path, 'utf8')).toBe('text');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    expect([...(await readFile(path))]).toEqual([1, 2]);
    await writeFileAtomic(path, [Uint8Array.of(3), Uint8Array.of(4, 5)]);
    expect([...(await readFile(path))]).toEqual([3, 4, 5]);
  });

  it('leaves the old content and no other file when the content fails midway', async () => {
    const path = at('file');
    await writeFile(path, 'old');
    function* failing() {
      yield Uint8Array.of(1);
      throw new Error('broke');
    }
    await expect(writeFileAtomic(path, failing())).rejects.toMatchObject({ code: 'io' });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(at())).toEqual(['file']);
  });

  it('says what is wrong with a path whose folder does not exist', async () => {
    await expect(writeFileAtomic(at('no', 'file'), '')).rejects.toThrow(/its folder does not exist/);
  });

  it('lets the last of several writers win whole', async () => {
    const path = at('file');
    const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(50_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(await readFile(path, 'utf8'));
    expect(await readdir(at())).toEqual(['file']);
  });
});
