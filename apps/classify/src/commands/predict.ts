import { CovpoolError } from '@covpool/base';
import { defineCommand, engineOption, PartialFailure, userPath } from '@covpool/cli';
import { shippedModel } from '../shipped.ts';

export const predictCommand = defineCommand({
  summary: 'name what is on pictures, with a shipped network or your own',
  positionals: { name: '<picture>...', summary: 'JPEG, PNG, WebP, GIF or TIFF files' },
  options: {
    model: { type: 'string', value: 'name', summary: 'a shipped network: gap, isqrt or dropcov', fallback: 'isqrt' },
    run: { type: 'string', value: 'folder', summary: 'a run folder or a model folder, instead of --model' },
    top: { type: 'number', least: 1, summary: 'how many classes to print', fallback: '3' },
    engine: engineOption,
  },
  examples: [
    { command: 'predict data/materials/val/glass/*.jpg --top 1', does: 'the best guess for each picture' },
    { command: 'predict photo.png --model dropcov', does: 'another of the shipped networks' },
    {
      command: 'predict photo.png --run runs/resnet8-isqrt-20260102-030405 --json',
      does: 'your own network, for a script',
    },
  ],
  async run({ options, positionals, print }) {
    const { model, run, top = 3, engine } = options;
    if (positionals.length === 0) throw new CovpoolError('bad-argument', 'predict: at least one picture is required');
    if (model !== undefined && run !== undefined) {
      throw new CovpoolError('bad-argument', 'predict: either --model or --run, got both');
    }
    const { predictPictures } = await import('../predict-work.ts');
    const folder = run === undefined ? shippedModel(model ?? 'isqrt') : userPath(run);
    const results: unknown[] = [];
    let unread = 0;
    for await (const { picture, predictions, error } of predictPictures(folder, positionals, engine)) {
      if (predictions) {
        const first = predictions.slice(0, top);
        results.push({ picture, predictions: first });
        print(describe(picture, first));
      } else {
        if (positionals.length === 1) throw error;
        unread++;
        const message = error instanceof Error ? error.message : String(error);
        results.push({ picture, error: message });
        print(`${picture}\n  ${message}`);
      }
    }
    if (unread > 0) {
      const message = `predict: all pictures must be readable, got ${unread} of ${positionals.length} that are not`;
      throw new PartialFailure('bad-input', message, results);
    }
    return results;
  },
});

function describe(picture: string, predictions: { label: string; probability: number }[]): string {
  const width = Math.max(...predictions.map(({ label }) => label.length));
  const lines = predictions.map(({ label, probability }) => {
    const share = `${(100 * probability).toFixed(1)} %`.padStart(7);
    return `  ${label.padEnd(width)}  ${share}  ${'━'.repeat(Math.round(20 * probability))}`.trimEnd();
  });
  return [picture, ...lines].join('\n');
}
