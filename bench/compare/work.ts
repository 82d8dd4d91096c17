import type { Communicator } from 'covpool';
import { backend, type Tensor } from '@tensorflow/tfjs-core';
import type { BenchCase } from './cases.ts';
import { forwardWork, stepWork } from './networks.ts';
import { operationWork } from './operations.ts';
import { noTraining, plainForwardWork, plainStepWork } from './plain-network.ts';

/** Does the work so many times and says how long each time took, in milliseconds. */
export type Work = (repeats: number) => Promise<number[]>;

/** This rank's share of a case's work, or why the library cannot do it. Every rank makes the same calls. */
export function prepareWork(
  work: BenchCase,
  library: 'ours' | 'plain',
  communicator: Communicator,
): Work | { absent: string } {
  const ours = library === 'ours';
  if (work.kind === 'step') {
    if (ours) return stepWork(work, communicator);
    const absent = noTraining();
    return absent === undefined ? plainStepWork(work) : { absent };
  }
  const share = { ...work, batch: work.batch / communicator.size };
  if (share.kind === 'operation') {
    const run = operationWork(share, library);
    return run ? inStep(run, communicator) : { absent: 'plain TensorFlow.js has no such operation' };
  }
  return inStep(ours ? forwardWork(share) : plainForwardWork(share), communicator);
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
