import { type Command, defineCommand, resolveConfig, userPath } from '@covpool/cli';
import type { Task } from '../task.ts';
import { trainingChoices, trainOptions } from '../train-options.ts';

export function benchCommand(task: Task): Command {
  const { config, set, data, detector, backbone, variant, batch, engine, seed } = trainOptions;
  return defineCommand({
    summary: 'time training steps and predictions on this machine',
    description: 'Medians of a fresh network in one thread, on real pictures.',
    options: {
      ...{ config, set, data, detector, backbone, variant, batch, engine, seed },
      steps: { type: 'number', least: 1, summary: 'how many are timed', fallback: '8' },
    },
    examples: [
      { command: 'bench', does: 'the shipped configuration on the fastest engine' },
      { command: 'bench --engine wasm --steps 20 --json', does: 'for a script' },
    ],
    async run({ options, print, progress }) {
      const { config: file, set: sets, steps = 8, ...given } = options;
      const { trainConfigSchema } = await import('../config.ts');
      const choices = await resolveConfig(trainConfigSchema(task), {
        file: userPath(file),
        sets,
        options: trainingChoices(given),
      });
      const { benchDetector } = await import('../bench-work.ts');
      const result = await benchDetector(task, choices, { steps, progress });
      print(`${result.engine}, ${result.parameters.toLocaleString('en')} parameters, one thread`);
      print(`training    ${result.msPerStep.toFixed(0)} ms per step of ${result.batch} pictures`);
      print(`prediction  ${result.msPerPicture.toFixed(0)} ms per picture`);
      print(`tensors     ${result.tensorsLeft} left behind`);
      return result;
    },
  });
}
