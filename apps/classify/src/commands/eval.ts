import { CovpoolError } from '@covpool/base';
import { defineCommand, table, userPath } from '@covpool/cli';

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
      summary: 'other weights (safetensors) for the network of --run or --config',
    },
    config: { type: 'string', value: 'file', summary: 'a config.json or a training config, instead of --run' },
    checkpoint: { type: 'string', value: 'which', summary: 'last or best, of a run folder', fallback: 'last' },
    data: { type: 'string', value: 'folder', summary: 'pictures, as for train', fallback: "the run's own" },
    split: { type: 'string', value: 'name', summary: 'val or train', fallback: 'val' },
    engine: {
      type: 'string',
      value: 'name',
      summary: 'what computes; see `doctor`',
      fallback: 'the fastest that works',
    },
  },
  examples: [
    { command: 'eval --run models/isqrt', does: 'a shipped network on the materials pictures' },
    { command: 'eval --run runs/resnet8-isqrt-20260102-030405 --checkpoint best', does: 'your own run' },
    { command: 'eval --config my.yaml --weights my.safetensors --data ~/birds', does: 'weights from elsewhere' },
  ],
  async run({ options, print, progress }) {
    const { run, weights, config, checkpoint = 'last', data, split = 'val', engine } = options;
    if ((run === undefined) === (config === undefined) || (config !== undefined && weights === undefined)) {
      throw new CovpoolError('bad-argument', 'eval: either --run, or --config with --weights is required');
    }
    if (checkpoint !== 'last' && checkpoint !== 'best') {
      throw new CovpoolError('bad-argument', `eval: --checkpoint must be last or best, got '${checkpoint}'`);
    }
    if (split !== 'val' && split !== 'train') {
      throw new CovpoolError('bad-argument', `eval: --split must be val or train, got '${split}'`);
    }
    const work = await import('../eval-work.ts');
    const path = (given: string | undefined) => (given === undefined ? undefined : userPath(given));
    const result = await work.evaluateClassifier(
      { run: path(run), weights: path(weights), config: path(config), data: path(data), checkpoint, split, engine },
      progress,
    );
    const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(1)} %`);
    print(`${result.samples} pictures of ${result.data}`);
    print(`top-1                ${percent(result.top1)}`);
    print(`top-5                ${percent(result.top5)}`);
    print(`mean class accuracy  ${percent(result.meanClassAccuracy)}`);
    print(`loss                 ${result.loss.toFixed(4)}\n`);
    const rows = result.confusion.counts.map((row, i) => [result.classes[i]!, ...row.map(String)]);
    print(table(['true \\ predicted', ...result.classes], rows));
    return result;
  },
});
