import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { captureProgram } from '@covpool/cli';
import { program } from './program.ts';
import { materialsFolder } from './shipped.ts';

/** Copies a few of the shipped pictures of some classes into `root`, in both splits. */
export async function smallData(root: string, classes = ['glass', 'paper'], pictures = 6): Promise<string> {
  for (const split of ['train', 'val']) {
    for (const name of classes) {
      const [from, to] = [join(materialsFolder, split, name), join(root, split, name)];
      await mkdir(to, { recursive: true });
      const files = (await readdir(from)).sort().slice(0, pictures);
      await Promise.all(files.map((file) => cp(join(from, file), join(to, file))));
    }
  }
  return root;
}

/** The command line in this process, not at a terminal. */
export const classify = (...argv: string[]) => captureProgram(program, argv);

/** Options for a training that takes a second. */
export const tiny = ['--size', '16', '--epochs', '2', '--batch', '4', '--threads', '1', '--engine', 'wasm'];
