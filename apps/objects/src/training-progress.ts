import { duration, timeLeft, type WorkContext } from '@covpool/cli';
import { formatScore, mainStats } from './evaluate.ts';
import type { Task } from './task.ts';
import type { TrainWatcher } from './train-job.ts';

/** Shows a training: one live line on a terminal, one line per epoch elsewhere. */
export function trainingProgress(
  task: Task,
  epochs: number,
  { progress, live, signal }: Pick<WorkContext, 'progress' | 'live' | 'signal'>,
): TrainWatcher {
  const left = timeLeft();
  return {
    signal,
    onData(train, val) {
      progress.line(`${train.length} pictures to train on, ${val.length} to validate; ${train.classes.join(', ')}`);
      const { length } = train.skipped;
      if (length === 0) return;
      const [{ annotation, picture, why }] = train.skipped as [(typeof train.skipped)[number]];
      progress.line(
        `${length} annotations are left out, the first: annotation ${annotation} (picture ${picture}): ${why}`,
      );
    },
    onStep({ epoch, step, stepsPerEpoch, loss, picturesPerSecond }) {
      progress.update({
        label: `${task.name} epoch ${epoch}/${epochs}`,
        done: step,
        total: stepsPerEpoch,
        values: {
          loss: loss.toFixed(3),
          left: duration(left(epoch - 1 + step / stepsPerEpoch, epochs - (epoch - 1) - step / stepsPerEpoch)),
          'pictures/s': picturesPerSecond.toFixed(1),
        },
      });
    },
    onEvaluate: (done, total) => progress.update({ label: `${task.name} evaluating`, done, total }),
    onEpoch({ epoch, loss, terms = {}, picturesPerSecond, validation }) {
      if (live && !validation) return;
      const parts = [
        `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
        `loss ${loss.toFixed(3)}`,
        ...(live
          ? []
          : [
              `(${Object.entries(terms)
                .map(([name, value]) => `${name} ${value.toFixed(3)}`)
                .join(', ')})`,
            ]),
        ...(validation
          ? [`val AP ${formatScore(mainStats(validation).AP)}`, `AP50 ${formatScore(mainStats(validation).AP50)}`]
          : []),
        `${picturesPerSecond.toFixed(1)} pictures/s`,
        `left ${duration(left(epoch, epochs - epoch))}`,
      ];
      progress.line(parts.join('  '));
    },
  };
}
