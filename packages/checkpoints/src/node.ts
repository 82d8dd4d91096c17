export { registerFileHandler } from './file-handler.ts';
export { loadSafetensors, saveSafetensors } from './safetensors-file.ts';
export { loadTorch } from './torch-file.ts';
