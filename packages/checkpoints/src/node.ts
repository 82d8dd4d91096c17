export { loadSafetensors, saveSafetensors } from './safetensors-file.ts';
