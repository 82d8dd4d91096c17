import { barChart, confusionMatrix, lineChart, type SeriesColours } from '@covpool/charts';
import { ConfusionMatrix } from '@covpool/metrics';
import { percent } from './evaluate.ts';
import { baselineOf, byAccuracy, type HeadSummary } from './head-summary.ts';
import type { CompleteRun } from './runs-on-disk.ts';
import type { EpochLine } from './train-jobs.ts';

/** Heads without a line in the curves are grey, as their names tell them apart. */
const OTHERS = '#b9bec5';

/** The mean over the seeds, epoch by epoch. */
function meanCurve(runs: CompleteRun[], head: string, value: (line: EpochLine) => number): [number, number][] {
  const own = runs.filter((run) => run.head === head);
  const epochs = Math.min(...own.map(({ lines }) => lines.length));
  return Array.from({ length: epochs }, (_, i) => {
    return [i + 1, own.reduce((sum, { lines }) => sum + value(lines[i]!), 0) / own.length];
  });
}

export async function accuracyChart(runs: CompleteRun[], heads: string[], colours: SeriesColours): Promise<string> {
  const curve = (head: string) => meanCurve(runs, head, ({ validation }) => 100 * validation.top1);
  const baseline = baselineOf(heads);
  const [epoch, value] = curve(baseline).at(-1)!;
  return lineChart({
    title: 'Validation accuracy',
    x: 'epoch',
    y: 'top-1 (%)',
    series: heads.map((name) => ({ name, points: curve(name) })),
    colours,
    ...(heads.length > 1
      ? { target: { value, label: `${baseline} after ${epoch} epochs: ${value.toFixed(1)} %` } }
      : {}),
  });
}

function barColours(heads: string[], colours: SeriesColours): SeriesColours {
  return (head) => (heads.includes(head) ? colours(head) : OTHERS);
}

export async function accuracyBars(summaries: HeadSummary[], heads: string[], colours: SeriesColours): Promise<string> {
  const bars = byAccuracy(summaries).map(({ head, top1, top1Deviation: deviation }) => {
    return { name: head, value: 100 * top1, ...(deviation === undefined ? {} : { error: 100 * deviation }) };
  });
  return barChart({ title: 'After the last epoch', x: 'top-1 (%)', bars, colours: barColours(heads, colours) });
}

export async function timeBars(summaries: HeadSummary[], heads: string[], colours: SeriesColours): Promise<string> {
  const bars = byAccuracy(summaries).map(({ head, msPerStep }) => ({ name: head, value: msPerStep }));
  return barChart({ title: 'Time per step', x: 'milliseconds', bars, colours: barColours(heads, colours) });
}

export async function lossChart(runs: CompleteRun[], heads: string[], colours: SeriesColours): Promise<string> {
  const series = heads.map((name) => ({ name, points: meanCurve(runs, name, ({ loss }) => loss) }));
  return lineChart({ title: 'Training loss', x: 'epoch', y: 'cross-entropy (nats)', series, colours });
}

export async function confusionChart(runs: CompleteRun[], head: string): Promise<string> {
  const own = runs.filter((run) => run.head === head);
  const { classes } = own[0]!.card;
  const sum = new ConfusionMatrix(classes.length);
  for (const { result } of own) sum.merge(ConfusionMatrix.fromJSON(result.last.confusion));
  return confusionMatrix({ title: `${head}: ${percent(sum.accuracy)} % recognised`, classes, counts: sum.counts });
}
