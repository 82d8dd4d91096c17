import type { BatchJob, HostMemory, KernelModule } from '@covpool/wasm-kernels';
import { nodeBuiltin } from './platform.ts';

/** Runs jobs on a host memory, on all cores where there are threads. Each picture's numbers are the same whoever computes them. */
export interface JobRunner {
  run: (job: BatchJob) => void;
}

// Words that all threads see: the next picture, then of each helper the number of jobs that it was given and that it has done.
const NEXT = 0;
const givenAt = (helper: number): number => 1 + 2 * helper;
const doneAt = (helper: number): number => 2 + 2 * helper;
/** A helper's orders in float64: routine, pictures, arguments, then their first picture's values and their steps. */
const ORDERS = 64;

/**
 * A helper thread, as text, because no file of a bundle can be pointed at: waits for an order, takes pictures one by one until
 * none is left, says so, waits again.
 */
const helperSource = `
const { module, memory, words, orders, given, done } = require('node:worker_threads').workerData;
const routines = Object.values(new WebAssembly.Instance(module, { env: { memory } }).exports);
for (let count = 0; ; count++) {
  Atomics.store(words, done, count);
  Atomics.notify(words, done);
  Atomics.wait(words, given, count);
  const [routine, pictures, length] = orders;
  const values = orders.slice(3, 3 + length);
  const steps = orders.slice(3 + length, 3 + 2 * length);
  for (let i; (i = Atomics.add(words, ${NEXT}, 1)) < pictures; ) {
    routines[routine](...values.map((value, at) => value + i * steps[at]));
  }
}`;

interface WorkerThreads {
  isMainThread: boolean;
  Worker: new (source: string, options: object) => { unref: () => void };
}

/** Helpers for the other cores, if this is the program's main thread: ranks of a training are threads already. */
export function jobRunner(host: HostMemory): JobRunner {
  const threads = nodeBuiltin<WorkerThreads>('node:worker_threads');
  const cores = nodeBuiltin<typeof import('node:os')>('node:os')?.availableParallelism() ?? 1;
  const helpers = threads?.isMainThread && host.memory.buffer instanceof SharedArrayBuffer ? cores - 1 : 0;
  const words = new Int32Array(new SharedArrayBuffer(4 * (1 + 2 * helpers)));
  const names = Object.keys(host.routines);
  const orders = Array.from({ length: helpers }, (_, helper) => {
    // Until it is up it counts as busy.
    words[doneAt(helper)] = -1;
    const own = new Float64Array(new SharedArrayBuffer(8 * ORDERS));
    const { module, memory } = host;
    const workerData = { module, memory, words, orders: own, given: givenAt(helper), done: doneAt(helper) };
    new threads!.Worker(helperSource, { eval: true, workerData }).unref();
    return own;
  });
  const isFree = (helper: number): boolean =>
    Atomics.load(words, doneAt(helper)) === Atomics.load(words, givenAt(helper));
  const scratchOf = (job: BatchJob, thread: number): number => host.block(`scratch ${thread}`, job.scratch);

  return {
    run(job) {
      const free = orders.map((_, helper) => helper).filter((helper) => helper + 1 < job.count && isFree(helper));
      // All blocks first: memory must not grow while others work on it.
      const own = scratchOf(job, 0);
      const scratch = free.map((helper) => scratchOf(job, helper + 1));
      Atomics.store(words, NEXT, 0);
      for (const [i, helper] of free.entries()) {
        const values = job.values(0, 1, scratch[i]!);
        const steps = job.values(1, 1, scratch[i]!).map((value, at) => value - values[at]!);
        orders[helper]!.set([names.indexOf(job.routine), job.count, values.length, ...values, ...steps]);
        Atomics.add(words, givenAt(helper), 1);
        Atomics.notify(words, givenAt(helper));
      }
      const routine = host.routines[job.routine] as KernelModule[keyof KernelModule] & ((...values: number[]) => void);
      for (let i = 0; (i = Atomics.add(words, NEXT, 1)) < job.count; ) routine(...job.values(i, 1, own));
      for (const helper of free) {
        const given = Atomics.load(words, givenAt(helper));
        while (Atomics.load(words, doneAt(helper)) !== given) Atomics.wait(words, doneAt(helper), given - 1);
      }
    },
  };
}
