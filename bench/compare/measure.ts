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
  for (let round = 0; round <= rounds; round++) {
    for (const { name: side, run } of running()) {
      // A side that takes seconds shows it in two rounds; not by its first repetition, which also makes ready.
      const slow = (latest.get(side) ?? 0) > SLOW_MS;
      if (slow && round > 2) continue;
      const { ms, peakMegabytes, absent } = await run(round === 0 || slow ? 1 : repeats);
      if (!ms) failures.set(side, absent ?? 'no answer');
      else if (round > 0) times.set(side, [...(times.get(side) ?? []), median(ms)]);
      if (ms) latest.set(side, Math.min(...ms));
      if (peakMegabytes !== undefined) peaks.set(side, peakMegabytes);
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
