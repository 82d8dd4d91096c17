import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

/**
 * A folder for the tests of a file or, with `each`, a fresh one for every test; it goes with them. Gives paths in it: `at('a', 'b')`;
 * `at()` is the folder itself.
 */
export function temporaryFolder({ each = false }: { each?: boolean } = {}): (...parts: string[]) => string {
  let folder: string;
  (each ? beforeEach : beforeAll)(async () => {
    folder = await mkdtemp(join(tmpdir(), 'covpool-test-'));
  });
  (each ? afterEach : afterAll)(() => rm(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}
