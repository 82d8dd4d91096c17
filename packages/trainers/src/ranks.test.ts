import { soloCommunicator } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { startRanks } from './ranks.ts';

const module = new URL('./ranks.fixture.ts', import.meta.url);

function shardVectors(shards: number, length: number) {
  return Array.from({ length: shards }, (_, index) => ({
    index,
    length,
    parts: [Float32Array.from({ length }, (_, i) => Math.fround((index + 1) * 0.1 + i))],
  }));
}

describe('startRanks', () => {
  it.each([2, 3])('sums over %i threads to the same bits as one thread does, whatever the length', async (size) => {
    const lengths = [5, 1000, 1];
    const shards = 4;
    const ranks = startRanks({ size, module, data: { shards, lengths } });
    for (const length of lengths) {
      const all = shardVectors(shards, length);
      const own = all.filter(({ index }) => index % size === 0);
      const sum = await ranks.communicator.sumShards(own, shards);
      expect([...sum]).toEqual([...(await soloCommunicator.sumShards(all, shards))]);
    }
    const sent = Float32Array.of(1, 2, 3);
    await ranks.communicator.broadcast(sent);
    const echoed = await ranks.communicator.sumShards([{ index: 0, length: sent.length, parts: [sent] }], size);
    expect([...echoed]).toEqual([size, 2 * size, 3 * size]);
    await ranks.finish();
  });

  it('ends the waiting of rank 0 with the error of a rank that fails', async () => {
    const ranks = startRanks({ size: 2, module, data: { shards: 2, lengths: [4], fault: 'throw' } });
    await expect(ranks.communicator.barrier()).rejects.toThrow('rank 1 broke');
    await expect(ranks.finish()).rejects.toThrow('rank 1 broke');
  });

  it('ends the waiting of rank 0 when a rank just exits', async () => {
    const ranks = startRanks({ size: 2, module, data: { shards: 2, lengths: [4], fault: 'exit' } });
    await expect(ranks.communicator.barrier()).rejects.toThrow('rank 1: the thread ended (exit code 3)');
  });

  it('sums rightly when the length of the vectors changes from one sum to the next', async () => {
    const lengths = Array.from({ length: 300 }, (_, i) => [2000, 40_000, 300][i % 3]!);
    const ranks = startRanks({ size: 3, module, data: { shards: 3, lengths } });
    const expected = new Map<number, Float32Array>();
    for (const length of lengths) {
      const all = shardVectors(3, length);
      if (!expected.has(length)) expected.set(length, await soloCommunicator.sumShards(all, 3));
      const sum = await ranks.communicator.sumShards([all[0]!], 3);
      expect(Buffer.compare(Buffer.from(sum.slice().buffer), Buffer.from(expected.get(length)!.buffer))).toBe(0);
    }
    await ranks.stop();
  });

  it('stops ranks that wait', async () => {
    const ranks = startRanks({ size: 2, module, data: { shards: 2, lengths: [4] } });
    await ranks.stop();
    await expect(ranks.communicator.barrier()).rejects.toThrow('the ranks were stopped');
  });
});
