import { loadavg } from 'node:os';
import { cases, type ListedCase, type SideName, sideNames } from './cases.ts';
import { type Peers, type Side, startSide } from './start-side.ts';

/** What came of a case on one side. */
export interface SideResult {
  side: SideName;
  /** Why there are no figures. */
  absent?: string;
  /** Median time of a repetition. */
  ms?: number;
  /** PyTorch's time over this side's, round by round: the median, the smallest and the largest. */
  ratio?: [median: number, least: number, most: number];
  peakMegabytes?: number;
}

export interface CaseResult {
  name: string;
  goals: ListedCase['goals'];
  /** Load of the machine before the case. */
  load: number;
  sides: SideResult[];
}

export const median = (values: number[]): number => {
  const ordered = [...values].sort((p, q) => p - q);
  const middle = ordered.length >> 1;
  return ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2;
};

/** What a repetition takes at least to be called slow. */
const SLOW_MS = 5000;

/** How long each side runs before it is timed: a training has thousands of steps, of which the first make ready and are compiled late. */
const WARM_MS = 10_000;

/** All sides on one case; they take turns, a round each, so that whatever slows the machine down slows all of them. */
export async function measureCase(index: number, rounds: number, peers: Peers): Promise<CaseResult> {
  const { name, goals, repeats } = cases[index]!;
  const load = Number(loadavg()[0]!.toFixed(2));
  const started: (Side | SideResult)[] = [];
  for (const side of sideNames) {
    const ready = await startSide(side, index, peers);
    started.push(typeof ready === 'string' ? { side, absent: ready } : ready);
  }
  const times = new Map<SideName, number[]>();
  const latest = new Map<SideName, number>();
  const peaks = new Map<SideName, number>();
  const failures = new Map<SideName, string>();
  const running = (): Side[] => started.filter((s): s is Side => 'run' in s && !failures.has(s.name));
  const take = async ({ name: side, run }: Side, repetitions: number): Promise<number[] | undefined> => {
    const { ms, peakMegabytes, absent } = await run(repetitions);
    if (!ms) failures.set(side, absent ?? 'no answer');
    else latest.set(side, Math.min(...ms));
    if (peakMegabytes !== undefined) peaks.set(side, peakMegabytes);
    return ms;
  };
  for (const side of running()) {
    const begun = performance.now();
    while (!failures.has(side.name) && performance.now() - begun < WARM_MS) await take(side, 1);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const side of running()) {
      // A side that takes seconds shows it in two rounds.
      const slow = latest.get(side.name)! > SLOW_MS;
      if (slow && round > 2) continue;
      const ms = await take(side, slow ? 1 : repeats);
      if (ms) times.set(side.name, [...(times.get(side.name) ?? []), median(ms)]);
    }
  }
  for (const side of started) if ('close' in side) await side.close();
  const torch = times.get('torch');
  return {
    name,
    goals,
    load,
    sides: started.map((entry) => {
      if (!('run' in entry)) return entry;
      const side = entry.name;
      const own = times.get(side);
      if (!own || failures.has(side)) return { side, absent: failures.get(side) ?? 'no answer' };
      const ratios = torch && own.map((ms, round) => torch[round]! / ms);
      return {
        side,
        ms: Number(median(own).toPrecision(4)),
        ...(ratios && { ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)].map(round2) as never }),
        peakMegabytes: Math.round(peaks.get(side)!),
      };
    }),
  };
}

const round2 = (value: number): number => Number(value.toFixed(2));
