export { exportState, importState } from './model-tensors.ts';
export { readTorch } from './read-torch.ts';
export type { TorchFile } from './read-torch.ts';
export { readSafetensors, writeSafetensors } from './safetensors.ts';
export type { Safetensors } from './safetensors.ts';
export { float32Data, toFloat32 } from './tensor-data.ts';
export type { Dtype, TensorData } from './tensor-data.ts';
export { writeTorch } from './write-torch.ts';
