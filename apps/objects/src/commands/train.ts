import {
  checkNothingElse,
  type Command,
  defineCommand,
  resolveConfig,
  runOptions,
  timestamp,
  userPath,
} from '@covpool/cli';
import type { Task } from '../task.ts';
import { trainingChoices, trainOptions } from '../train-options.ts';

export function trainCommand(task: Task): Command {
  return defineCommand({
    summary: 'train a detector, every choice an option',
    description:
      'Choices come from the defaults, then --config, then options, then --set. The run folder keeps the resolved choices,\n' +
      'a line of metrics per epoch, the last and the best weights (safetensors with the names of mmdetection), and a report.',
    options: {
      ...trainOptions,
      ...runOptions,
      out: { ...runOptions.out, fallback: `runs/${task.name}-<time>` },
    },
    examples: [
      { command: 'train --epochs 10', does: 'the shipped pictures, quicker' },
      { command: 'train --data ~/my-coco --set size.long=640 --set size.short=480', does: 'your own pictures' },
      {
        command: `train --data ~/coco --detector ${
          task.masks ? 'mask' : 'faster'
        }-rcnn --backbone resnet50 --variant GCP_M --trunk gcp.pth`,
        does: 'the published size, from a classifier with covariance pooling',
      },
      { command: `train --resume runs/${task.name}-20260102-030405`, does: 'go on after Ctrl-C' },
    ],
    async run({ options, signal, print, progress, live }) {
      const { config: file, set, out, resume, ...given } = options;
      const work = await import('../train-work.ts');
      const context = { signal, print, progress, live };
      if (resume !== undefined) {
        checkNothingElse('train', 'resume', options);
        return work.resumeRun(task, userPath(resume), context);
      }
      const { trainConfigSchema } = await import('../config.ts');
      const config = await resolveConfig(trainConfigSchema(task), {
        file: userPath(file),
        sets: set,
        options: trainingChoices(given),
      });
      return work.newRun(task, config, userPath(out ?? `runs/${task.name}-${timestamp()}`), context);
    },
  });
}
