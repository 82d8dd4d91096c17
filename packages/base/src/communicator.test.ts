import { describe, expect, it } from 'vitest';
import { soloCommunicator } from './communicator.ts';

describe('soloCommunicator', () => {
  it('sums its own shards in the order of their indices, whatever order they come in', async () => {
    // In float32 the order decides: (1 + 1e8) − 1e8 = 0, (1e8 − 1e8) + 1 = 1.
    const parts = [
      { index: 2, length: 1, parts: [Float32Array.of(-1e8)] },
      { index: 0, length: 1, parts: [Float32Array.of(1)] },
      { index: 1, length: 1, parts: [Float32Array.of(1e8)] },
    ];
    expect([...(await soloCommunicator.sumShards(parts, 3))]).toEqual([0]);
    const other = parts.map((vector) => ({ ...vector, index: (vector.index + 2) % 3 }));
    expect([...(await soloCommunicator.sumShards(other, 3))]).toEqual([1]);
  });

  it('leaves the vectors it sums as they were', async () => {
    const data = Float32Array.of(1, 2);
    await soloCommunicator.sumShards(
      [
        { index: 0, length: 2, parts: [data] },
        { index: 1, length: 2, parts: [Float32Array.of(3), Float32Array.of(4)] },
      ],
      2,
    );
    expect([...data]).toEqual([1, 2]);
  });
});
