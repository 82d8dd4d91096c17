import type { Communicator } from 'covpool';
import { backend, type Tensor } from '@tensorflow/tfjs-core';
import type { BenchCase } from './cases.ts';
import { forwardWork, stepWork } from './networks.ts';
import { operationWork } from './operations.ts';

/** Does the work so many times and says how long each time took, in milliseconds. */
export type Work = (repeats: number) => Promise<number[]>;

/** This rank's share of a case's work; undefined where the library cannot do it. Every rank makes the same calls. */
export function prepareWork(work: BenchCase, library: 'ours' | 'plain', communicator: Communicator): Work | undefined {
  const share = { ...work, batch: work.batch / communicator.size };
  if (work.kind === 'step') return library === 'ours' ? stepWork(work, communicator) : undefined;
  if (share.kind === 'operation') {
    const run = operationWork(share, library);
    return run && inStep(run, communicator);
  }
  return library === 'ours' ? inStep(forwardWork(share as typeof work & { kind: 'forward' }), communicator) : undefined;
}

/** All ranks begin together, and a repetition ends with the last of them. */
function inStep(run: () => Tensor, communicator: Communicator): Work {
  return async (repeats) => {
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) {
      await communicator.barrier();
      const start = performance.now();
      const result = run();
      // Host engines have computed when the call returns.
      if (backend().constructor.name === 'WebGPUBackend') await result.data();
      await communicator.barrier();
      times.push(performance.now() - start);
      result.dispose();
    }
    return times;
  };
}
