import { CovpoolError } from '@covpool/base';
import { checkpointOption, defineCommand, engineOption, userPath } from '@covpool/cli';
import { networkOptions } from '../network-options.ts';
import { weightsPath } from '../weights-path.ts';

export const evalCommand = defineCommand({
  summary: 'measure a trained network on labelled pictures',
  options: {
    run: {
      type: 'string',
      value: 'folder',
      summary: 'a run folder or a model folder (config.json, model.safetensors)',
    },
    weights: {
      type: 'string',
      value: 'file',
      summary: 'weights from elsewhere: .pth, .safetensors, a folder, an address',
    },
    ...networkOptions,
    size: {
      type: 'number',
      value: 'pixels',
      summary: 'side of the input, with --backbone',
      fallback: "the backbone's own",
    },
    config: { type: 'string', value: 'file', summary: 'a config.json or a training config, instead of --run' },
    checkpoint: { ...checkpointOption, fallback: 'last' },
    data: { type: 'string', value: 'folder', summary: 'pictures, as for train', fallback: "the run's own" },
    split: { type: 'string', value: 'name', choices: ['val', 'train'], summary: 'val or train', fallback: 'val' },
    engine: engineOption,
  },
  examples: [
    { command: 'eval --run models/isqrt', does: 'a shipped network on the materials pictures' },
    { command: 'eval --run runs/resnet8-isqrt-20260102-030405 --checkpoint best', does: 'your own run' },
    {
      command: 'eval --weights gcp_resnet50.pth --backbone resnet50 --pool isqrt --data ~/imagenet',
      does: 'a published checkpoint',
    },
    { command: 'eval --config my.yaml --weights my.safetensors --data ~/birds', does: 'a network of your own choices' },
  ],
  async run({ options, print, progress, live }) {
    const { run, weights, config, checkpoint = 'last', data, split = 'val', engine } = options;
    const { backbone, pool, dim, attention, size } = options;
    const described = Object.entries({ backbone, pool, dim, attention, size }).find(([, value]) => value !== undefined);
    if (described && (run ?? config) !== undefined) {
      throw new CovpoolError(
        'bad-argument',
        `eval: --run and --config say which network it is, got --${described[0]} too`,
      );
    }
    const ways = [run, config].filter((way) => way !== undefined).length;
    if (ways > 1 || (run === undefined && weights === undefined)) {
      const rule =
        'either --run, or --config with --weights, or --weights with --backbone or a description of their own';
      throw new CovpoolError('bad-argument', `eval: ${rule} is required`);
    }
    const work = await import('../eval-work.ts');
    const result = await work.evaluateClassifier(
      {
        run: userPath(run),
        weights: weights === undefined ? undefined : weightsPath(weights),
        config: userPath(config),
        data: userPath(data),
        checkpoint,
        split,
        engine,
        network: { backbone, pool, dim, attention, size },
      },
      { progress, live, print },
    );
    const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(1)} %`);
    print(`${result.samples} pictures of ${result.data}`);
    print(`top-1                ${percent(result.top1)}`);
    print(`top-5                ${percent(result.top5)}`);
    print(`mean class accuracy  ${percent(result.meanClassAccuracy)}`);
    print(`loss                 ${result.loss.toFixed(4)}\n`);
    const { confusionText } = await import('../confusion-text.ts');
    print(confusionText(result.confusion, result.classes));
    return result;
  },
});
