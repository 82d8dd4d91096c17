import { registerWebgpuKernels } from '@covpool/webgpu-kernels';
import { setBackend } from '@tensorflow/tfjs-core';
import type { Engine, EngineAttempt } from './engine.ts';
import { requireFrom, webgpuFolder } from './engine-cache.ts';
import { hasGraphicsDevice } from './graphics-device.ts';
import { isNode, messageOf, nodeBuiltin, optionalImport } from './platform.ts';
import { infoOf, registerWithFeatures, requestAdapter } from './webgpu-device.ts';

interface Dawn {
  globals: object;
  create: (options: string[]) => GPU;
}

/** WebGPU: the browser's own, or in Node the `webgpu` package (Dawn) on the system's Vulkan, Metal or Direct3D. */
export const webgpuEngine: Engine = {
  name: 'webgpu',
  absent() {
    // Dawn writes lines of its own to the terminal where it looks for a device in vain.
    if (!isNode || process.env.VK_DRIVER_FILES || hasGraphicsDevice()) return undefined;
    return { ok: false, reason: 'no graphics device found', remedy: "name a driver's file in VK_DRIVER_FILES" };
  },
  async start() {
    const missing = await provideGpu();
    if (missing) return missing;
    const { gpu } = navigator;
    try {
      // The backend defines the flag that says which adapter is wanted.
      const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
      const adapter = await requestAdapter(gpu);
      if (!adapter) return { ok: false, reason: 'no graphics adapter found', remedy: 'install a Vulkan driver' };
      registerWithFeatures(WebGPUBackend, gpu);
      if (!(await setBackend('webgpu'))) throw new Error('the backend did not initialise');
      registerWebgpuKernels();
      const detail = describeAdapter(adapter);
      const software = infoOf(adapter).isFallbackAdapter === true || /swiftshader|llvmpipe|software/i.test(detail);
      return { ok: true, backend: 'webgpu', version: '4.22.0', detail, software };
    } catch (cause) {
      return { ok: false, reason: messageOf(cause), remedy: 'update the graphics driver' };
    }
  },
};

async function provideGpu(): Promise<EngineAttempt | undefined> {
  const scope = globalThis as unknown as { navigator?: { gpu?: GPU } };
  if (scope.navigator?.gpu) return undefined;
  if (!isNode)
    return { ok: false, reason: 'this browser has no WebGPU', remedy: 'use a current Chrome, Edge or Safari' };
  const dawn = (await optionalImport<Dawn>('webgpu')) ?? (await fromCache());
  if (!dawn) {
    const remedy = 'run `npx -y pnpm@10 engines:webgpu` in a clone of covpool';
    return { ok: false, reason: "the package 'webgpu' is not installed", remedy };
  }
  Object.assign(globalThis, dawn.globals);
  if (!scope.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(scope.navigator, 'gpu', { value: dawn.create([]), configurable: true });
  return undefined;
}

/** Dawn where `engines:webgpu` installed it. */
async function fromCache(): Promise<Dawn | undefined> {
  const path = requireFrom(webgpuFolder())?.resolve('webgpu');
  const url = path && nodeBuiltin<typeof import('node:url')>('node:url')?.pathToFileURL(path).href;
  return url === undefined ? undefined : optionalImport<Dawn>(url);
}

function describeAdapter(adapter: GPUAdapter): string {
  const { vendor, architecture, device, description } = infoOf(adapter);
  return [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed adapter';
}
