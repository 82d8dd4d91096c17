import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const node = `'${process.execPath}' --conditions=@covpool/source --import tsx '${main}'`;
const shell = (command: string) => spawnSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' });

it('leaves an exit code and one line of error, no stack', () => {
  const { status, stdout, stderr } = shell(`${node} trian`);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^error: unknown verb 'trian'; did you mean 'train'\?\n$/);
});

it('ends quietly when nobody reads on', () => {
  const { status, stderr } = shell(`${node} doctor | true`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
