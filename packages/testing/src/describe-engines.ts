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

/** The same suite on every engine under test. */
export function describeEngines(subject: string, suite: (engine: EngineName) => void): void {
  describe.each(enginesUnderTest())(`${subject} on %s`, (engine) => {
    beforeAll(async () => {
      await useEngine(engine);
    });
    suite(engine);
  });
}
