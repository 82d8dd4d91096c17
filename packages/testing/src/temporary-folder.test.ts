import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

describe('temporaryFolder', () => {
  const at = temporaryFolder();
  const fresh = temporaryFolder({ each: true });
  const seen: string[] = [];

  it.each([1, 2])('is there, for all tests or for each (%i)', async (nth) => {
    expect(existsSync(at())).toBe(true);
    expect(existsSync(at('kept'))).toBe(nth === 2);
    await writeFile(at('kept'), '');
    expect(existsSync(fresh('kept'))).toBe(false);
    await writeFile(fresh('kept'), '');
    seen.push(fresh());
    expect(basename(dirname(at('a', 'b')))).toBe('a');
  });

  it('goes when its tests are over', () => {
    for (const folder of seen) expect(existsSync(folder)).toBe(false);
  });
});
