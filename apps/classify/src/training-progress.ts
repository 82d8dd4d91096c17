import { duration, timeLeft, type WorkContext } from '@covpool/cli';
import { percent } from './evaluate.ts';
import { describeStart } from './start-from-weights.ts';
import type { TrainJob, TrainWatcher } from './train-jobs.ts';

/** Shows a training: one live line on a terminal, one line per epoch elsewhere. */
export function trainingProgress(
  jobs: TrainJob[],
  { progress, live, signal }: Pick<WorkContext, 'progress' | 'live' | 'signal'>,
): TrainWatcher {
  const width = Math.max(...jobs.map(({ name }) => name.length));
  const epochsOf = (list: TrainJob[]) => list.reduce((sum, { config }) => sum + config.epochs, 0);
  let clock: { job: TrainJob; left: ReturnType<typeof timeLeft> } | undefined;

  /** Seconds until all jobs are done, at the pace of the running one. */
  const left = (job: TrainJob, epochs: number): number => {
    if (clock?.job !== job) clock = { job, left: timeLeft() };
    return clock.left(epochs, job.config.epochs - epochs + epochsOf(jobs.slice(jobs.indexOf(job) + 1)));
  };

  return {
    signal,
    onWeights(_, weights) {
      for (const line of describeStart(weights)) progress.line(line);
    },
    onStep(job, { epoch, epochs, step, stepsPerEpoch, loss, top1, picturesPerSecond }) {
      progress.update({
        label: `${job.name.padEnd(width)}  epoch ${epoch}/${epochs}`,
        done: step,
        total: stepsPerEpoch,
        values: {
          loss: loss.toFixed(3),
          'top-1': `${percent(top1)} %`,
          left: duration(left(job, epoch - 1 + step / stepsPerEpoch)),
          'pictures/s': picturesPerSecond.toFixed(0),
        },
      });
    },
    onEpoch(job, { epoch, loss, top1, picturesPerSecond, validation }) {
      if (live) return;
      const parts = [
        `${job.name.padEnd(width)}  epoch ${String(epoch).padStart(String(job.config.epochs).length)}/${
          job.config.epochs
        }`,
        `loss ${loss.toFixed(3)}`,
        `top-1 ${percent(top1)} %`,
        `val top-1 ${percent(validation.top1)} %`,
        `mean class ${percent(validation.meanClassAccuracy)} %`,
        `${picturesPerSecond.toFixed(0)} pictures/s`,
        `left ${duration(left(job, epoch))}`,
      ];
      progress.line(parts.join('  '));
    },
    onDone(job, { last, seconds }) {
      progress.end();
      const scores = `top-1 ${percent(last.top1)} %, mean class accuracy ${percent(last.meanClassAccuracy)} %`;
      progress.line(`${job.name.padEnd(width)}  done in ${duration(seconds)}: ${scores}`);
    },
  };
}
