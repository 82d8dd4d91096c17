import { dispatch, type Dispatch } from './program.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

const THREADS = 256;

/** One thread for each of `count` numbers: `body` is WGSL that knows its `index`. */
export function elementwise(
  backend: RecordingBackend,
  work: Omit<Dispatch, 'groups'> & { label: string; count: number; body: string },
): void {
  const { label, count, body, reads, writes, sizes, scalars } = work;
  const code = `fn run(group: u32, thread: u32) {
  let index = group * THREADS + thread;
  if (index < sizes.count) { ${body} }
}`;
  const groups = Math.ceil(count / THREADS);
  dispatch(backend, { label, threads: THREADS, code }, { reads, writes, sizes: { count, ...sizes }, scalars, groups });
}
