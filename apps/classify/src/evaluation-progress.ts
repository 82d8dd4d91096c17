import type { Progress } from '@covpool/base';
import { duration } from '@covpool/cli';

/** Seconds between lines where there is no terminal. */
const QUIET = 30;

/** Shows an evaluation: one live line on a terminal, elsewhere a line now and then if it takes long. */
export function evaluationProgress(
  pictures: number,
  { progress, live }: { progress: Progress; live: boolean },
  now: () => number = () => performance.now() / 1000,
): (step: number, steps: number) => void {
  const begun = now();
  let said = begun;
  return (step, steps) => {
    const done = Math.min(pictures, Math.ceil((step * pictures) / steps));
    const seconds = now() - begun;
    const left = duration((seconds / step) * (steps - step));
    const speed = (done / seconds).toFixed(1);
    progress.update({ label: 'evaluating', done, total: pictures, values: { left, 'pictures/s': speed } });
    if (live || step === steps || now() - said < QUIET) return;
    said = now();
    progress.line(`evaluating  ${done} of ${pictures} pictures  ${speed} pictures/s  left ${left}`);
  };
}
