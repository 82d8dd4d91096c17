import { joinRanks } from './ranks.ts';

/** A rank of the tests: sums its shards, twice; or fails, or leaves, as it is told. */
const { communicator, data } = joinRanks<{ shards: number; fault?: 'throw' | 'exit'; lengths: number[] }>();
const { rank, size } = communicator;
if (data.fault === 'exit') process.exit(3);
if (data.fault === 'throw') throw new Error(`rank ${rank} broke`);
for (const length of data.lengths) {
  const own = [];
  for (let index = rank; index < data.shards; index += size) {
    own.push({ index, length, parts: [Float32Array.from({ length }, (_, i) => Math.fround((index + 1) * 0.1 + i))] });
  }
  await communicator.sumShards(own, data.shards);
}
const received = new Float32Array(3);
await communicator.broadcast(received);
await communicator.sumShards([{ index: rank, length: received.length, parts: [received] }], size);
