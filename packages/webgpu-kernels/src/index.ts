export { registerWebgpuKernels } from './register.ts';
export type { WebgpuKernels } from './register.ts';
