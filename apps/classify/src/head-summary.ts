import { epochsToReach } from '@covpool/metrics';
import { percent } from './evaluate.ts';
import type { CompleteRun } from './runs-on-disk.ts';

/** One head of a comparison, over its seeds. */
export interface HeadSummary {
  head: string;
  parameters: number;
  seeds: number;
  /** Mean over the seeds, in 0…1, after the last epoch. */
  top1: number;
  /** Standard deviation (n−1) over the seeds; absent for one. */
  top1Deviation?: number;
  meanClassAccuracy: number;
  /** Epochs until the baseline's final top-1 is reached, mean over the seeds; of a seed that never does, all its epochs. */
  epochsToBaseline: number;
  /** Whether every seed reached it; else `epochsToBaseline` is a lower bound. */
  reached: boolean;
  msPerStep: number;
}

/** The head that the others are measured against: `gap`, or the first. */
export function baselineOf(heads: string[]): string {
  return heads.includes('gap') ? 'gap' : heads[0]!;
}

/** One summary per head, in the order in which they first appear. */
export function summariseHeads(runs: CompleteRun[]): HeadSummary[] {
  const heads = [...new Set(runs.map(({ head }) => head))];
  const baseline = new Map(
    runs.filter(({ head }) => head === baselineOf(heads)).map(({ seed, result }) => [seed, result.last.top1]),
  );
  return heads.map((head) => {
    const own = runs.filter((run) => run.head === head);
    const top1s = own.map(({ result }) => result.last.top1);
    const reach = own.map(({ seed, lines, result }) => {
      const curve = lines.map(({ validation }) => validation.top1);
      const epoch = epochsToReach(curve, baseline.get(seed) ?? Number.NaN);
      return { epoch: epoch ?? result.epochs, reached: epoch !== null };
    });
    return {
      head,
      parameters: own[0]!.result.parameters,
      seeds: own.length,
      top1: mean(top1s),
      ...(own.length > 1 ? { top1Deviation: deviation(top1s) } : {}),
      meanClassAccuracy: mean(own.map(({ result }) => result.last.meanClassAccuracy)),
      epochsToBaseline: mean(reach.map(({ epoch }) => epoch)),
      reached: reach.every(({ reached }) => reached),
      msPerStep: mean(own.map(({ result }) => result.msPerStep)),
    };
  });
}

/** The most accurate first. */
export function byAccuracy(summaries: HeadSummary[]): HeadSummary[] {
  return summaries.toSorted((a, b) => b.top1 - a.top1);
}

/**
 * The comparison's table, the most accurate head first: header and rows of text. A head alone has no other to reach, so that the
 * column of epochs is left out.
 */
export function summaryTable(summaries: HeadSummary[]): { header: string[]; rows: string[][] } {
  const baseline = baselineOf(summaries.map(({ head }) => head));
  const compared = <T>(cell: T): T[] => (summaries.length > 1 ? [cell] : []);
  return {
    header: [
      'head',
      'parameters',
      'top-1 %',
      'mean class %',
      ...compared(`epochs to ${baseline}'s final`),
      'ms per step',
    ],
    rows: byAccuracy(summaries).map((summary) => [
      summary.head,
      summary.parameters.toLocaleString('en-US'),
      percent(summary.top1) + (summary.top1Deviation === undefined ? '' : ` ± ${percent(summary.top1Deviation)}`),
      percent(summary.meanClassAccuracy),
      ...compared(`${summary.reached ? '' : '> '}${Number(summary.epochsToBaseline.toFixed(1))}`),
      summary.msPerStep.toFixed(0),
    ]),
  };
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function deviation(values: number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1));
}
