// One side of the bench that runs in Node: side.ts <index of the case> <engine> <ours|plain> <relaxed|plain> <threads>. It
// says when it is ready; for each line with a number of repetitions it answers with their times.
import { createInterface } from 'node:readline';
import { soloCommunicator } from 'covpool';
import { startRanks } from '@covpool/trainers/node';
import { bringUp, type Setup } from './bring-up.ts';
import { cases, type SideReply } from './cases.ts';
import { peakAbove, residentMegabytes } from './peak-memory.ts';
import { prepareWork } from './work.ts';

const [index, engine, library, simd, threads] = process.argv.slice(2) as [string, ...string[]];
const setup = { engine, library, simd, index: Number(index) } as Setup & { index: number };
const answer = (reply: SideReply): unknown => process.stdout.write(`${JSON.stringify(reply)}\n`);

try {
  await bringUp(setup);
} catch (cause) {
  answer({ absent: (cause as Error).message });
  process.exit(0);
}
const size = Number(threads);
const before = residentMegabytes();
const ranks = size > 1 ? startRanks({ size, module: new URL('./rank.ts', import.meta.url), data: setup }) : undefined;
const communicator = ranks?.communicator ?? soloCommunicator;
const work = prepareWork(cases[setup.index]!.work, setup.library, communicator);
if (typeof work !== 'function') {
  answer(work);
  process.exit(0);
}
answer({});
for await (const line of createInterface({ input: process.stdin })) {
  const repeats = Number(line);
  await communicator.broadcast(Float32Array.of(repeats));
  try {
    const ms = await work(repeats);
    answer({ ms, peakMegabytes: peakAbove(before) });
  } catch (cause) {
    answer({ absent: (cause as Error).message });
    process.exit(0);
  }
}
await communicator.broadcast(Float32Array.of(0));
await ranks?.finish();
