import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineVersions, webgpuFolder } from '@covpool/engines/node';
import type { Provided } from './build-tensorflow.ts';
import { placeFolder } from './place.ts';
import { run } from './run.ts';

/**
 * Sees that Dawn, WebGPU for Node, is in its cache.
 *
 * @throws unsupported where the registry is missing
 */
export async function provideWebgpu(): Promise<Provided> {
  const folder = webgpuFolder()!;
  const made = await placeFolder(folder, async (draft) => {
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    const npm = ['npm', 'install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact'];
    const need = 'the npm registry is needed; see the settings of npm';
    await run('engines:webgpu', [...npm, `webgpu@${engineVersions.webgpu}`], need, 'unsupported');
  });
  return { folder, made };
}
