import { registerWebgpuKernels } from '@covpool/webgpu-kernels';
import { setBackend } from '@tensorflow/tfjs-core';
import type { Engine, EngineAttempt } from './engine.ts';
import { requireFrom, webgpuFolder } from './engine-cache.ts';
import { hasGraphicsDevice } from './graphics-device.ts';
import { isNode, messageOf, nodeBuiltin, optionalImport } from './platform.ts';

interface Adapter {
  info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean };
}

interface Gpu {
  requestAdapter: () => Promise<Adapter | null>;
}

interface Dawn {
  globals: object;
  create: (options: string[]) => Gpu;
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
    const gpu = (globalThis as unknown as { navigator: { gpu: Gpu } }).navigator.gpu;
    const adapter = await gpu.requestAdapter();
    if (!adapter) return { ok: false, reason: 'no graphics adapter found', remedy: 'install a Vulkan driver' };
    try {
      const { version_webgpu } = await import('@tensorflow/tfjs-backend-webgpu').then((module) => ({
        version_webgpu: '4.22.0',
        ...module,
      }));
      if (!(await setBackend('webgpu'))) throw new Error('the backend did not initialise');
      registerWebgpuKernels();
      const detail = describeAdapter(adapter);
      const software = adapter.info?.isFallbackAdapter === true || /swiftshader|llvmpipe|software/i.test(detail);
      return { ok: true, backend: 'webgpu', version: version_webgpu, detail, software };
    } catch (cause) {
      return { ok: false, reason: messageOf(cause), remedy: 'update the graphics driver' };
    }
  },
};

async function provideGpu(): Promise<EngineAttempt | undefined> {
  const scope = globalThis as unknown as { navigator?: { gpu?: Gpu } };
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

function describeAdapter({ info }: Adapter): string {
  const words = [info?.vendor, info?.architecture, info?.device, info?.description].filter(Boolean);
  return words.join(' ') || 'unnamed adapter';
}
