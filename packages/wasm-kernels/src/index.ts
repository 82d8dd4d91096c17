export { float64Routines } from './float64.ts';
export type { Float64Routines } from './float64.ts';
export { registerWasmKernels, wasmPrimitives } from './register.ts';
export type { WasmKernels } from './register.ts';
export type { GemmOptions, WasmPrimitives } from './primitives.ts';
