import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineVersions, webgpuFolder } from '@covpool/engines/node';
import { command } from './command.ts';
import { placeFolder } from './place.ts';
import { run } from './run.ts';

// Installs Dawn, WebGPU for Node, once for all clones: `engines:webgpu`.

const who = 'engines:webgpu';

await command(async () => {
  const folder = webgpuFolder()!;
  const made = await placeFolder(folder, async (draft) => {
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    const npm = ['npm', 'install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact'];
    await run(who, [...npm, `webgpu@${engineVersions.webgpu}`], 'the npm registry is needed; see the settings of npm');
  });
  console.log(`${who}: ${made ? 'installed' : 'is there already'}: ${folder}`);
});
