export { float64Routines, wasmFloat64Routines } from './float64.ts';
export type { Float64Routines } from './float64.ts';
export { createHostMemory } from './host-memory.ts';
export type { HostMemory } from './host-memory.ts';
export type { BatchJob } from './batch-job.ts';
export type { KernelModule } from './kernel-module.ts';
export { channelCorrelationJob, positionMeansJob } from './channel-moments-jobs.ts';
export {
  covarianceGradientJob,
  covarianceJob,
  keptBytes,
  newtonSchulzGradientJob,
  newtonSchulzJob,
  rowRootGradientJob,
  rowRootJob,
} from './second-order-jobs.ts';
export type { CovarianceAttrs, NewtonSchulzAttrs, RowRootAttrs } from './second-order-jobs.ts';
export {
  triuCovarianceGradientJob,
  triuCovarianceJob,
  triuMaskedCovarianceGradientJob,
  triuMaskedCovarianceJob,
} from './triu-covariance-jobs.ts';
export type { TriuAttrs } from './triu-covariance-jobs.ts';
export { hasRelaxedSimd } from './relaxed-simd.ts';
export { registerWasmKernels, wasmPrimitives } from './register.ts';
export type { WasmKernels } from './register.ts';
export type { GemmOptions, WasmPrimitives } from './primitives.ts';
