import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { placeFolder } from '../engines/place.ts';
import { run } from '../engines/run.ts';

/** Of 2026; reads opset 17, which is from 2022. */
const VERSION = '1.30.0';

/**
 * Sees that onnxruntime-node is in the cache of engines, and returns its folder. Its 290 MB are no dependency: tests alone use it.
 * Everything comes from the npm registry; the script of the package, which is left out, would fetch libraries of CUDA.
 *
 * @throws unsupported where the registry is missing
 */
export async function provideOnnxruntime(): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME;
  const root = cache && isAbsolute(cache) ? cache : join(homedir(), '.cache');
  const folder = join(root, 'covpool', `onnxruntime-${VERSION}`);
  await placeFolder(folder, async (draft) => {
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    const npm = ['npm', 'install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact'];
    const need = 'the npm registry is needed; see the settings of npm';
    await run('test:onnx', [...npm, `onnxruntime-node@${VERSION}`], need, 'unsupported');
  });
  return folder;
}
