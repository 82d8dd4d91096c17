import { dispatch, type Dispatch } from './program.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

const THREADS = 256;

/** One thread for each of `count` numbers: `body` is WGSL that knows its `index`, and calls the `functions`. */
export function elementwise(
  backend: RecordingBackend,
  work: Omit<Dispatch, 'groups'> & { label: string; count: number; functions?: string; body: string },
): void {
  const { label, count, functions = '', body, ...tensors } = work;
  const code = `${functions}
fn run(group: u32, thread: u32) {
  let index = group * THREADS + thread;
  if (index < sizes.count) { ${body} }
}`;
  const groups = Math.ceil(count / THREADS);
  dispatch(backend, { label, threads: THREADS, code }, { ...tensors, sizes: { count, ...work.sizes }, groups });
}
