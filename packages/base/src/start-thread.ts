import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a module as a worker thread. A TypeScript source (the workspace without a build) goes through tsx, which threads
 * do not inherit on Node 20; a built module starts as it is.
 */
export function startThread(module: URL, options: WorkerOptions = {}): Worker {
  if (!module.pathname.endsWith('.ts')) return new Worker(module, options);
  const tsx = import.meta.resolve('tsx/esm/api');
  const start = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(
    module.href,
  )}); })`;
  return new Worker(start, { ...options, eval: true, execArgv: ['--conditions=@covpool/source'] });
}
