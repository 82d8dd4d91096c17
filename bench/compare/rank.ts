import { joinRanks } from '@covpool/trainers/node';
import { bringUp, type Setup } from './bring-up.ts';
import { cases } from './cases.ts';
import { prepareWork, type Work } from './work.ts';

// What the other threads of a side run: as many repetitions as rank 0 says, until it says none.
const { communicator, data } = joinRanks<Setup & { index: number }>();
await bringUp(data);
const work = prepareWork(cases[data.index]!.work, data.library, communicator) as Work;
for (const repeats = new Float32Array(1); ; ) {
  await communicator.broadcast(repeats);
  if (repeats[0] === 0) break;
  await work(repeats[0]!);
}
