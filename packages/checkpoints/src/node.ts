export { registerFileHandler } from './file-handler.ts';
export { loadPretrained, savePretrained } from './pretrained-file.ts';
export { loadSafetensors, saveSafetensors } from './safetensors-file.ts';
export { loadShards, saveShards } from './shards-file.ts';
export { loadTorch, saveTorch } from './torch-file.ts';
export { loadWeights, saveWeights } from './weights-file.ts';
