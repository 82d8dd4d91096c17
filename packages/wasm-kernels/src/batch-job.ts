import type { KernelModule } from './kernel-module.ts';

/** A routine on the pictures of a batch, each by itself: whoever runs it may cut the batch into parts. */
export interface BatchJob {
  routine: keyof KernelModule;
  /** How many pictures. */
  count: number;
  /** Bytes of scratch memory, for each part. */
  scratch: number;
  /** The routine's arguments for the pictures from `first`. */
  values: (first: number, count: number, scratch: number) => number[];
}

/** Runs a job, or a part of it. */
export function runJob(routines: KernelModule, job: BatchJob, scratch: number, first = 0, count = job.count): void {
  const routine = routines[job.routine] as (...values: number[]) => void;
  routine(...job.values(first, count, scratch));
}
