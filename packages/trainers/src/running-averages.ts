import { movedAverage, type StatisticUpdate } from '@covpool/core';
import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { onJoined } from './joined-vectors.ts';

/** Moves averages, in the order given where one average moves several times. The values stay. */
export function moveAverages(updates: StatisticUpdate[]): void {
  for (const group of groupsOf(updates)) {
    const { momentum } = group[0]!;
    tidy(() => {
      const lists = [group.map(({ variable }) => variable.read() as Tensor), group.map(({ value }) => value)];
      const [moved] = onJoined(lists, ([running, value]) => [movedAverage(running!, momentum, value!)]);
      for (const [i, { variable }] of group.entries()) variable.write(moved![i]!);
    });
  }
}

/** Those of one momentum together, an average once in each group. */
function groupsOf(updates: StatisticUpdate[]): StatisticUpdate[][] {
  const times = new Map<StatisticUpdate['variable'], number>();
  const groups = new Map<string, StatisticUpdate[]>();
  for (const update of updates) {
    const time = times.get(update.variable) ?? 0;
    times.set(update.variable, time + 1);
    const key = `${time} ${update.momentum}`;
    groups.set(key, [...(groups.get(key) ?? []), update]);
  }
  return [...groups.values()];
}
