import type * as webgpu from '@tensorflow/tfjs-backend-webgpu';
import { engine, env, registerBackend, removeBackend } from '@tensorflow/tfjs-core';

type Backend = typeof webgpu.WebGPUBackend;

/** What an adapter says of itself; the types that come with the backend are older. */
interface AdapterInfo {
  vendor?: string;
  architecture?: string;
  device?: string;
  description?: string;
  isFallbackAdapter?: boolean;
}

export const infoOf = (adapter: GPUAdapter): AdapterInfo => (adapter as { info?: AdapterInfo }).info ?? {};

/** What the released backend asks of a device, and `subgroups`, without which shaders may not use them. */
const FEATURES = ['timestamp-query', 'bgra8unorm-storage', 'subgroups'];

const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** An adapter of the kind that the released backend would take. */
export const requestAdapter = (gpu: GPU): Promise<GPUAdapter | null> =>
  gpu.requestAdapter({
    powerPreference: env().getBool('WEBGPU_USE_LOW_POWER_GPU') ? 'low-power' : 'high-performance',
  });

/**
 * Has the backend start on a device with the features that the adapter offers of those above: the released one asks for a fixed
 * list. A backend that already runs stays as it is, with its tensors.
 */
export function registerWithFeatures(Backend: Backend, gpu: GPU): void {
  if (engine().registry.webgpu) return;
  if ('webgpu' in engine().registryFactory) removeBackend('webgpu');
  const start = async (): Promise<InstanceType<Backend>> => {
    const adapter = (await requestAdapter(gpu))!;
    const device = await adapter.requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
    });
    // Two copies of the type of a device, whose declarations differ in what the backend does not call.
    return new Backend(...([device, infoOf(adapter)] as unknown as ConstructorParameters<Backend>));
  };
  registerBackend('webgpu', start, 3);
}
