import { captureProgram } from '@covpool/cli';
import { objectProgram } from './program.ts';
import type { Task } from './task.ts';

/** The command line in this process, not at a terminal. */
export const run = (name: Task['name'], ...argv: string[]) => captureProgram(objectProgram(name), argv);

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
