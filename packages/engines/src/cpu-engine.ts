import { backend, setBackend } from '@tensorflow/tfjs-core';
import { version_cpu } from '@tensorflow/tfjs-backend-cpu';
import type { Engine } from './engine.ts';

/** Plain JavaScript: the last resort, and a reference for tests. */
export const cpuEngine: Engine = {
  name: 'cpu',
  async start() {
    await setBackend('cpu');
    // Keeps the backend from advertising another one on first use.
    (backend() as { firstUse?: boolean }).firstUse = false;
    return { ok: true, backend: 'cpu', version: version_cpu, detail: 'plain JavaScript, one thread' };
  },
};
