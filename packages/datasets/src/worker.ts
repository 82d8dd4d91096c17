import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { CovpoolError } from '@covpool/base';
import { openSource } from './picture-source.ts';
import { createSampleMaker } from './sample-maker.ts';
import type { SampleMaker } from './sample-maker.ts';
import type { SampleRequest, WorkerReply, WorkerRequest, WorkerStart } from './worker-protocol.ts';

async function answer(port: MessagePort, maker: SampleMaker, { id, epoch, indices }: SampleRequest): Promise<void> {
  try {
    const samples = await maker.make(epoch, indices);
    port.postMessage({ id, samples } satisfies WorkerReply, [samples.images.buffer]);
  } catch (cause) {
    const code = cause instanceof CovpoolError ? cause.code : 'io';
    const message = cause instanceof Error ? cause.message : String(cause);
    port.postMessage({ id, error: { code, message } } satisfies WorkerReply);
  }
}

/** Makes the samples that are asked for until it is told to end. */
function serve(port: MessagePort, { source, recipe }: WorkerStart): void {
  const maker = createSampleMaker(openSource(source), recipe);
  const underWay = new Set<Promise<void>>();
  port.on('message', async (request: WorkerRequest) => {
    if (request) {
      const work = answer(port, maker, request);
      underWay.add(work);
      await work;
      underWay.delete(work);
    } else {
      await Promise.all(underWay);
      port.close();
    }
  });
}

// Nobody imports this file: `createWorkerPool` starts it as a thread, from a file of its own in the build as well.
if (parentPort) serve(parentPort, workerData as WorkerStart);
