import type { Program } from '@covpool/cli';
import { type Task, tasks } from './task.ts';

/** The detect or the segment command line. Verbs are loaded when called: help must not wait for TensorFlow.js. */
export function objectProgram(name: Task['name']): Program {
  const task = tasks[name];
  const what = task.masks ? 'masks' : 'boxes';
  return {
    name,
    call: `npx -y pnpm@10 ${name}`,
    summary: `train, evaluate and use detectors of ${what}`,
    defaultVerb: 'eval',
    verbs: {
      eval: {
        summary: 'measure a trained detector on annotated pictures, and draw what it finds',
        load: async () => (await import('./commands/eval.ts')).evalCommand(task),
      },
      train: {
        summary: 'train a detector, every choice an option',
        load: async () => (await import('./commands/train.ts')).trainCommand(task),
      },
      predict: {
        summary: `find ${what} on pictures, with the shipped detector or your own`,
        load: async () => (await import('./commands/predict.ts')).predictCommand(task),
      },
      bench: {
        summary: 'time training steps and predictions on this machine',
        load: async () => (await import('./commands/bench.ts')).benchCommand(task),
      },
      doctor: {
        summary: 'which engines run here, and how to get a faster one',
        load: async () => (await import('@covpool/cli')).doctorCommand,
      },
    },
  };
}
