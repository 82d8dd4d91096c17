export { registerWasmKernels, wasmPrimitives } from './register.ts';
export type { WasmKernels } from './register.ts';
export type { GemmOptions, WasmPrimitives } from './primitives.ts';
