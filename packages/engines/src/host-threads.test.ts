import { seededValues } from '@covpool/testing';
import { covarianceJob, createHostMemory, rowRootGradientJob, rowRootJob } from '@covpool/wasm-kernels';
import { describe, expect, it } from 'vitest';
import { jobRunner } from './host-threads.ts';
import { allowRelaxedSimd } from './platform.ts';

const [BATCH, M, D] = [7, 9, 12];
const attrs = { iterations: 5, norm: 'trace', centering: true, recompute: true } as const;

/** Root and gradient of seven pictures; helpers are given time to come up, so that all cores take part. */
async function rootAndGradient(shared: boolean): Promise<number[]> {
  const host = await createHostMemory({ shared });
  const runner = jobRunner(host);
  if (shared) await new Promise((resolve) => setTimeout(resolve, 300));
  const place = (name: string, values: number[]): number => {
    const address = host.block(name, 4 * values.length);
    new Float32Array(host.memory.buffer, address, values.length).set(values);
    return address;
  };
  const x = place('x', seededValues(BATCH * M * D, 'x'));
  const dy = place('dy', seededValues(BATCH * D * D, 'dy'));
  const root = host.block('root', 4 * BATCH * D * D);
  const dx = host.block('dx', 4 * BATCH * M * D);
  runner.run(rowRootJob(host.routines, [BATCH, M, D], attrs, { x, root, kept: 0 }));
  runner.run(rowRootGradientJob(host.routines, [BATCH, M, D], attrs, { dy, x, kept: 0, dx }));
  const read = (address: number, length: number): number[] => [
    ...new Float32Array(host.memory.buffer, address, length),
  ];
  return [...read(root, BATCH * D * D), ...read(dx, BATCH * M * D)];
}

describe('jobRunner', () => {
  it('gives the same bits on one thread and on all cores', async () => {
    allowRelaxedSimd();
    const alone = await rootAndGradient(false);
    expect(alone.every(Number.isFinite)).toBe(true);
    expect(await rootAndGradient(true)).toEqual(alone);
  });

  it('runs many small jobs one after the other', async () => {
    const host = await createHostMemory({ shared: true });
    const runner = jobRunner(host);
    const x = host.block('x', 4 * 5 * 2);
    const to = host.block('to', 4 * 5);
    for (let round = 0; round < 200; round++) {
      new Float32Array(host.memory.buffer, x, 10).set(Array.from({ length: 10 }, (_, i) => (i % 2 ? round : -round)));
      runner.run(covarianceJob(host.routines, [5, 2, 1], { centering: true }, { x, to }));
      expect([...new Float32Array(host.memory.buffer, to, 5)]).toEqual(new Array<number>(5).fill(round * round));
    }
  });
});

describe('createHostMemory', () => {
  it('keeps a block where it is, with what it holds, until it must grow', async () => {
    const host = await createHostMemory();
    const first = host.block('a', 100);
    new Uint8Array(host.memory.buffer)[first] = 7;
    expect(host.block('b', 2 ** 22)).toBeGreaterThanOrEqual(first + 100);
    expect(host.block('a', 60)).toBe(first);
    expect(new Uint8Array(host.memory.buffer)[first]).toBe(7);
    const grown = host.block('a', 200);
    expect(grown).not.toBe(first);
    expect(host.block('a', 250)).toBe(grown);
  });
});
