import { useEngine } from '@covpool/engines';
import { enginesUnderTest } from '@covpool/testing';
import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe } from 'vitest';
import { registerWebgpuKernels } from './register.ts';

/** The suite where webgpu is among the engines under test; elsewhere it is skipped, and its name says why. */
export function describeWebgpu(subject: string, suite: () => void): void {
  const skipped = !enginesUnderTest().includes('webgpu');
  describe.skipIf(skipped)(`${subject}${skipped ? ' (COVPOOL_ENGINES does not name webgpu)' : ''}`, () => {
    beforeAll(async () => {
      await useEngine('webgpu');
      registerWebgpuKernels();
    });
    suite();
  });
}

/** The outputs of a kernel. */
export function run(name: string, inputs: NamedTensorMap, attributes: object = {}): Tensor[] {
  const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes as NamedAttrMap);
  return Array.isArray(outputs) ? outputs : [outputs];
}
