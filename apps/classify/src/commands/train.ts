import { checkNothingElse, defineCommand, resolveConfig, runOptions, timestamp, userPath } from '@covpool/cli';
import { trainingChoices, trainOptions } from '../train-options.ts';

export const trainCommand = defineCommand({
  summary: 'train one network, every choice an option',
  description:
    'Choices come from the defaults, then --config, then options, then --set. The run folder keeps the resolved choices,\n' +
    "a line of metrics per epoch, the last and the best weights (safetensors with PyTorch's names), and a report.",
  options: {
    ...trainOptions,
    dim: { ...trainOptions.dim, fallback: '64, or as the backbone was published' },
    pool: {
      type: 'string',
      value: 'name',
      summary: 'gap, cov, isqrt, dropcov, …',
      fallback: "the backbone's own, or isqrt",
    },
    hybrid: { type: 'string', value: 'name', summary: 'go on with this pooling when the rate has dropped last' },
    'hybrid-epoch': {
      type: 'number',
      summary: 'go on with it after so many epochs instead',
      fallback: "the step schedule's last drop",
    },
    ...runOptions,
    out: { ...runOptions.out, fallback: 'runs/<backbone>-<pool>-<time>' },
  },
  examples: [
    { command: 'train --pool dropcov --epochs 5', does: 'DropCov on the materials pictures' },
    { command: 'train --data ~/birds --backbone resnet18 --size 224 --schedule adju', does: 'your own pictures' },
    { command: 'train --config my.yaml --set pool.iterations=3', does: 'choices in a file, one of them changed' },
    {
      command: 'train --schedule step --set schedule.milestones=[8,12] --hybrid svd-pade',
      does: 'iSQRT-COV, then the accurate root from epoch 13 on',
    },
    { command: 'train --resume runs/resnet8-isqrt-20260102-030405', does: 'go on after Ctrl-C' },
  ],
  async run({ options, signal, print, progress, live }) {
    const { config: file, set, out, resume, pool, hybrid, 'hybrid-epoch': epoch, dim, ...given } = options;
    const work = await import('../train-work.ts');
    const { trainConfigSchema } = await import('../config.ts');
    if (resume !== undefined) {
      checkNothingElse('train', 'resume', options);
      return work.resumeRun(userPath(resume), { signal, print, progress, live });
    }
    const choices = await resolveConfig(trainConfigSchema, {
      file: userPath(file),
      sets: set,
      options: {
        ...trainingChoices(given),
        pool,
        ...(hybrid === undefined && epoch === undefined ? {} : { hybrid: { pool: hybrid, epoch } }),
      },
    });
    const name = `${choices.backbone}-${work.headName(choices)}-${timestamp()}`;
    const folder = userPath(out ?? `runs/${name}`);
    const { chosenPool } = await import('../complete-config.ts');
    const sized = dim === undefined ? choices : { ...choices, pool: { ...chosenPool(choices), dim } };
    return work.newRun(sized, folder, { signal, print, progress, live });
  },
});
