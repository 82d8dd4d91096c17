import { type EngineName, engineNames, useEngine } from '@covpool/engines';
import { beforeAll, describe } from 'vitest';

/** The engines under test: `COVPOOL_ENGINES`, a comma-separated list; cpu and wasm by default. */
export function enginesUnderTest(list = process.env.COVPOOL_ENGINES ?? 'cpu,wasm'): EngineName[] {
  return list.split(',').map((word) => {
    const name = word.trim() as EngineName;
    if (!engineNames.includes(name)) {
      throw new Error(`COVPOOL_ENGINES: unknown engine '${name}'; known: ${engineNames.join(', ')}`);
    }
    return name;
  });
}

type Suite = (engine: EngineName) => void;

/** Engines that keep tensors where the processor does not read them: what `defineHostKernel` made refuses to run there. */
const withoutHostMemory: readonly EngineName[] = ['webgpu', 'webgl'];

/**
 * The same suite on every engine under test. A suite of `host` kernels is skipped, by name, on engines without host memory.
 *
 * ```ts
 * describeEngines('eigh', { host: true }, () => { … });
 * ```
 */
export function describeEngines(subject: string, suite: Suite): void;
export function describeEngines(subject: string, options: { host: boolean }, suite: Suite): void;
export function describeEngines(subject: string, options: { host: boolean } | Suite, given?: Suite): void {
  const [{ host }, suite] = typeof options === 'function' ? [{ host: false }, options] : [options, given!];
  for (const engine of enginesUnderTest()) {
    const skipped = host && withoutHostMemory.includes(engine);
    describe.skipIf(skipped)(`${subject} on ${engine}${skipped ? ', which has no host memory' : ''}`, () => {
      beforeAll(async () => {
        await useEngine(engine);
      });
      suite(engine);
    });
  }
}
