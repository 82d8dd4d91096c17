import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** The first TypeScript block of the root README. */
async function example(): Promise<string> {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const block = /```ts\n([\s\S]*?)```/.exec(readme);
  if (!block) throw new Error('README.md has no ts block');
  return block[1]!;
}

describe('the example of the README', () => {
  it('trains a plain tf.sequential model with a second-order layer, and the loss falls', async () => {
    const code = await example();
    expect(code).toContain('isqrtCovPooling');
    const { stdout } = await run(
      process.execPath,
      ['--conditions=@covpool/source', '--import', 'tsx', '--input-type=module', '--eval', code],
      { cwd: packageFolder },
    );
    const [first, last] = stdout.trim().split('\n').at(-1)!.split(' -> ').map(Number);
    expect(last).toBeLessThan(first!);
  });
});
