import { parentPort, workerData } from 'node:worker_threads';
import { CovpoolError } from '@covpool/base';
import { openSource } from './picture-source.ts';
import { createSampleMaker } from './sample-maker.ts';
import type { SampleRequest, WorkerReply, WorkerRequest, WorkerStart } from './worker-protocol.ts';

/** The thread that `WorkerPool` starts: makes the samples it is asked for until it is told to end. */
const port = parentPort;
if (!port) throw new Error('@covpool/datasets/worker is started by createLoader, not imported');
const { source, recipe } = workerData as WorkerStart;
const maker = createSampleMaker(openSource(source), recipe);

const underWay = new Set<Promise<void>>();

async function answer({ id, epoch, indices }: SampleRequest): Promise<void> {
  try {
    const samples = await maker.make(epoch, indices);
    port!.postMessage({ id, samples } satisfies WorkerReply, [samples.images.buffer]);
  } catch (cause) {
    const code = cause instanceof CovpoolError ? cause.code : 'io';
    const message = cause instanceof Error ? cause.message : String(cause);
    port!.postMessage({ id, error: { code, message } } satisfies WorkerReply);
  }
}

port.on('message', async (request: WorkerRequest) => {
  if (request) {
    const work = answer(request);
    underWay.add(work);
    await work;
    underWay.delete(work);
  } else {
    await Promise.all(underWay);
    port.close();
  }
});
