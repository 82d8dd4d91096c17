import { runProgram } from '@covpool/cli';
import { objectProgram } from './program.ts';
import type { Task } from './task.ts';

/** The command line in this process, not at a terminal. */
export async function run(
  name: Task['name'],
  ...argv: string[]
): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runProgram(objectProgram(name), argv, {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => error.push(text) },
  });
  return { code, out: out.join(''), error: error.join('') };
}

/** Options for a training that takes seconds. */
export const tiny = [
  ...['--engine', 'wasm', '--limit', '5', '--epochs', '2', '--batch', '2', '--threads', '1', '--evaluate-every', '2'],
  ...['size={long: 96, short: 72}', 'settings.neck.channels=16', 'settings.boxes.channels=16']
    .concat(
      'settings.boxes.sample=32',
      'settings.masks.channels=8',
      'settings.test.minScore=0',
      'settings.test.count=10',
    )
    .flatMap((setting) => ['--set', setting]),
];
