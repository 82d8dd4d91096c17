import { describeEngines, expectClose } from '@covpool/testing';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { backend, removeBackend, square, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useEngine } from './use-engine.ts';
import { registerWithFeatures } from './webgpu-device.ts';

const running = (): WebGPUBackend => backend() as unknown as WebGPUBackend;

describeEngines('the device of webgpu', (name) => {
  describe.runIf(name === 'webgpu')('asks the adapter', () => {
    it.each(['subgroups', 'timestamp-query', 'bgra8unorm-storage'])('for %s, where it has that', async (feature) => {
      const adapter = (await navigator.gpu.requestAdapter())!;
      expect(running().device.features.has(feature)).toBe(adapter.features.has(feature));
    });

    it('for as much as it allows', async () => {
      const { limits } = (await navigator.gpu.requestAdapter())!;
      expect(running().device.limits.maxBufferSize).toBe(limits.maxBufferSize);
      expect(running().device.limits.maxComputeInvocationsPerWorkgroup).toBe(limits.maxComputeInvocationsPerWorkgroup);
    });

    it('once: a backend that runs stays, with its tensors', async () => {
      const [before, x] = [running(), tensor([3])];
      registerWithFeatures(before.constructor as typeof WebGPUBackend, navigator.gpu);
      await useEngine('webgpu');
      expect(running()).toBe(before);
      await expectClose(await square(x).data(), [9]);
      x.dispose();
    });

    it('again after the backend was removed', async () => {
      removeBackend('webgpu');
      // The import that registers the released backend does so once only.
      await expect(useEngine('webgpu')).resolves.toMatchObject({ name: 'webgpu' });
      const x = tensor([3]);
      await expectClose(await square(x).data(), [9]);
      x.dispose();
    });
  });
});
