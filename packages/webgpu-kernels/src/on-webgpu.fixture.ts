import { describeEngines } from '@covpool/testing';
import {
  backend,
  engine,
  env,
  memory,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { hasSubgroups, SUBGROUPS_FLAG } from './subgroups.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/** The suite on webgpu, whose engine registers these kernels; on other engines under test it is skipped. */
export function describeWebgpu(subject: string, suite: () => void): void {
  describeEngines(subject, (name) => {
    describe.runIf(name === 'webgpu')('kernels of webgpu', () => {
      suite();
    });
  });
}

/**
 * The suite on webgpu once with subgroups, where the device must have them, and once without. Every adapter that the suites run on
 * has them.
 */
export function describeForms(subject: string, suite: (subgroups: boolean) => void): void {
  describeWebgpu(subject, () => {
    describe.each([true, false])('subgroups: %s', (subgroups) => {
      beforeAll(() => {
        env().set(SUBGROUPS_FLAG, subgroups);
        expect(hasSubgroups(backend() as unknown as RecordingBackend)).toBe(subgroups);
      });
      afterAll(() => {
        env().set(SUBGROUPS_FLAG, true);
      });
      suite(subgroups);
    });
  });
}

/** The outputs of a kernel. */
export function run(name: string, inputs: NamedTensorMap, attributes: object = {}): Tensor[] {
  const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes as NamedAttrMap);
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** Expects that of the device's memory nothing is in use after its results are gone that was not before. */
export async function expectGivesBack(compute: () => Tensor[]): Promise<void> {
  const used = async () => {
    for (const result of tidy(compute)) {
      await result.data();
      result.dispose();
    }
    return (memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;
  };
  await used();
  expect(await used()).toBe(await used());
}
