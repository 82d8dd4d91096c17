export { engineVersions, tensorflowFolder, webgpuFolder } from './engine-cache.ts';
export type { TensorflowVariant } from './engine-cache.ts';
export { loadTensorflow } from './tensorflow-engine.ts';
