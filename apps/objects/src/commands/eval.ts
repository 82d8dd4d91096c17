import { type Command, defineCommand, table, timestamp, userPath } from '@covpool/cli';
import type { CocoStats } from '@covpool/metrics';
import { detectorOptions } from '../detector-options.ts';
import type { Task } from '../task.ts';

const percent = (value: number) => (value < 0 ? '–' : (100 * value).toFixed(1));
const NUMBERS: (keyof CocoStats)[] = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR100'];

export function evalCommand(task: Task): Command {
  return defineCommand({
    summary: 'measure a trained detector on annotated pictures, and draw what it finds',
    description:
      "COCO's numbers; a report with precision over recall and drawn pictures; all detections in the form of COCO's results.\n" +
      'Without options: the shipped network on the shipped validation pictures.',
    options: {
      ...detectorOptions,
      data: { type: 'string', value: 'folder', summary: 'as for train', fallback: "the run's own" },
      split: { type: 'string', value: 'name', summary: 'val or another that has annotations', fallback: 'val' },
      out: { type: 'string', value: 'folder', summary: 'where it writes', fallback: `runs/${task.name}-eval-<time>` },
      pictures: { type: 'number', least: 0, summary: 'how many pictures are drawn', fallback: '8' },
      score: { type: 'number', summary: 'least score that is drawn', fallback: '0.5' },
      limit: { type: 'number', summary: 'use only so many pictures' },
    },
    examples: [
      { command: 'eval', does: 'the shipped network on the shipped pictures' },
      { command: `eval --run runs/${task.name}-20260102-030405`, does: 'your own run' },
      { command: 'eval --run my-run --data ~/my-coco --split test --json', does: 'other pictures, for a script' },
    ],
    async run({ options, print, progress }) {
      const { run, weights, checkpoint, data, split = 'val', out, pictures = 8, score = 0.5, limit, engine } = options;
      const { evaluateDetector } = await import('../eval-work.ts');
      const result = await evaluateDetector(
        task,
        {
          run: userPath(run) ?? task.model,
          weights: userPath(weights),
          checkpoint,
          data: userPath(data),
          split,
          engine,
          limit,
          out: userPath(out ?? `runs/${task.name}-eval-${timestamp()}`),
          pictures,
          score,
        },
        progress,
      );
      const row = (name: string, stats: CocoStats) => [name, ...NUMBERS.map((key) => percent(stats[key]))];
      print(`${result.objects} objects on ${result.pictures} pictures, on ${result.engine}; in per cent:\n`);
      print(table(['', ...NUMBERS], [row('boxes', result.box), ...(result.mask ? [row('masks', result.mask)] : [])]));
      print('');
      const each = result.perCategory.map(({ id, name, objects, AP, AP50 }) => {
        return [name ?? String(id), String(objects), percent(AP), percent(AP50)];
      });
      print(table(['category', 'objects', 'AP', 'AP50'], each));
      print(`\nreport   ${result.report}`);
      print(`results  ${result.results}`);
      return result;
    },
  });
}
