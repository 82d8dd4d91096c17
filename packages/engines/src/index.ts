export { doctor } from './doctor.ts';
export type { EngineReport } from './doctor.ts';
export { engineNames } from './engine.ts';
export type { EngineName } from './engine.ts';
export { missingKernels } from './needed-kernels.ts';
export { selfCheck } from './self-check.ts';
export type { SelfCheck } from './self-check.ts';
export { useEngine } from './use-engine.ts';
export type { EngineInfo } from './use-engine.ts';
