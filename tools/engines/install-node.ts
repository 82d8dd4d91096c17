import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tensorflowFolder } from '@covpool/engines/node';
import { CovpoolError } from '@covpool/base';
import { placeFolder } from './place.ts';
import { run } from './run.ts';

/**
 * Another release line of Node from the npm registry, kept where the engines are.
 *
 * @returns the folder of its program
 * @throws unsupported where the registry has none for this machine
 */
export async function provideNode(major: number): Promise<string> {
  const folder = join(dirname(tensorflowFolder('cpu')!), `node-${major}`);
  await placeFolder(folder, async (draft) => {
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    const npm = ['npm', 'install', '--prefix', draft, '--no-audit', '--no-fund', '--save-exact'];
    const need = 'the npm registry is needed; see the settings of npm';
    await run(`Node ${major}`, [...npm, `node@${major}`], need, 'unsupported');
  });
  const bin = join(folder, 'node_modules/node/bin');
  const version = versionOf(join(bin, 'node'));
  if (version?.startsWith(`v${major}.`)) return bin;
  throw new CovpoolError(
    'unsupported',
    `Node ${major}: a program that runs here is required, got ${version ?? 'none'}; delete ${folder} and try again`,
  );
}

function versionOf(program: string): string | undefined {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
