import { CovpoolError } from '@covpool/base';
import { type Command, defineCommand, PartialFailure, timestamp, userPath } from '@covpool/cli';
import type { PredictionRequest } from '../predict-work.ts';
import { detectorOptions } from '../detector-options.ts';
import type { Task } from '../task.ts';

export function predictCommand(task: Task): Command {
  return defineCommand({
    summary: `find ${task.masks ? 'masks' : 'boxes'} on pictures, with the shipped detector or your own`,
    description: "Draws every picture, and writes all results to detections.json in the form of COCO's result files.",
    positionals: { name: '<picture or folder>...', summary: 'JPEG, PNG, WebP, GIF or TIFF files, or folders of them' },
    options: {
      ...detectorOptions,
      score: { type: 'number', summary: 'least score that is drawn and counted', fallback: '0.5' },
      out: {
        type: 'string',
        value: 'folder',
        summary: 'where it writes',
        fallback: `runs/${task.name}-predict-<time>`,
      },
    },
    examples: [
      {
        command: `predict data/${task.masks ? 'nuclei' : 'blood-cells'}/images/val --out found`,
        does: 'a folder of pictures',
      },
      { command: 'predict photo.png --run my-run --score 0.3 --json', does: 'your own network, for a script' },
    ],
    async run({ options, positionals, print, progress, signal }) {
      const { run, weights, checkpoint, score = 0.5, out, engine } = options;
      if (positionals.length === 0) {
        throw new CovpoolError('bad-argument', 'predict: at least one picture or folder is required');
      }
      const { pictureFiles } = await import('../picture-files.ts');
      const files = await pictureFiles(positionals);
      const { predictObjects } = await import('../predict-work.ts');
      const folder = userPath(out ?? `runs/${task.name}-predict-${timestamp()}`);
      const request: PredictionRequest = {
        run: userPath(run) ?? task.model,
        weights: userPath(weights),
        checkpoint,
        engine,
        files,
        out: folder,
        score,
      };
      const pictures: object[] = [];
      let unread = 0;
      for await (const { file, id, counts, picture, error } of predictObjects(task, request)) {
        progress.update({ label: 'looking', done: id, total: files.length });
        if (error === undefined) {
          pictures.push({ file, id, counts, picture });
          const each = Object.entries(counts!).map(([name, count]) => `${count} ${name}`);
          print(`${file}: ${each.join(', ')}`);
        } else {
          if (files.length === 1) throw error;
          unread++;
          const message = error instanceof Error ? error.message : String(error);
          pictures.push({ file, id, error: message });
          print(`${file}\n  ${message}`);
        }
        if (signal.aborted)
          throw new CovpoolError('interrupted', `predict: stopped after ${id} of ${files.length} pictures`);
      }
      progress.end();
      const result = { pictures, results: `${folder}/detections.json` };
      print(`pictures ${folder}`);
      print(`results  ${result.results}`);
      if (unread > 0) {
        const message = `predict: all pictures must be readable, got ${unread} of ${files.length} that are not`;
        throw new PartialFailure('bad-input', message, result);
      }
      return result;
    },
  });
}
