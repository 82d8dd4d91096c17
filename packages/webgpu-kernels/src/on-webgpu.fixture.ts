import { describeEngines } from '@covpool/testing';
import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { describe } from 'vitest';

/** The suite on webgpu, whose engine registers these kernels; on other engines under test it is skipped. */
export function describeWebgpu(subject: string, suite: () => void): void {
  describeEngines(subject, (name) => {
    describe.runIf(name === 'webgpu')('kernels of webgpu', () => {
      suite();
    });
  });
}

/** The outputs of a kernel. */
export function run(name: string, inputs: NamedTensorMap, attributes: object = {}): Tensor[] {
  const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes as NamedAttrMap);
  return Array.isArray(outputs) ? outputs : [outputs];
}
