import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deriveSeed } from './random.ts';
import { startThread } from './start-thread.ts';

const module = new URL('./start-thread.fixture.ts', import.meta.url);

describe('startThread', () => {
  it('runs a TypeScript module that imports another by its package name', async () => {
    const [message] = (await once(startThread(module, { workerData: 7 }), 'message')) as unknown[];
    expect(message).toEqual(['io', 7, deriveSeed(1)]);
  });

  it('reports what the module throws', async () => {
    const thread = startThread(module, { workerData: 'fail' });
    const [cause] = (await once(thread, 'error').catch((error: unknown) => [error])) as [Error];
    expect(cause.message).toBe('thread broke');
  });
});
