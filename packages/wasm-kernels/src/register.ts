import { loadBinary } from '#binary';
import { CovpoolError } from '@covpool/base';
import { findBackend } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { BinaryKind } from './binary-kind.ts';
import { instantiator } from './instantiate.ts';
import { batchMatMulKernel } from './kernels/batch-mat-mul.ts';
import { batchNormInferenceKernel } from './kernels/batch-norm-inference.ts';
import { batchNormTrainingGradKernel, batchNormTrainingKernel } from './kernels/batch-norm-training.ts';
import { channelCorrelationKernel, positionMeansKernel } from './kernels/channel-moments.ts';
import { conv2dBackpropFilterKernel } from './kernels/conv-2d-backprop-filter.ts';
import { conv2dBackpropInputKernel } from './kernels/conv-2d-backprop-input.ts';
import { conv2dKernel } from './kernels/conv-2d.ts';
import { covarianceGradientKernel, covarianceKernel } from './kernels/covariance.ts';
import { depthwiseBackpropFilterKernel, depthwiseBackpropInputKernel } from './kernels/depthwise-gradients.ts';
import { einsumKernel, registerEinsumGradient } from './kernels/einsum.ts';
import { gatherKernel } from './kernels/gather.ts';
import { identityKernel } from './kernels/identity.ts';
import {
  newtonSchulzGradientKernel,
  newtonSchulzKernel,
  rowRootGradientKernel,
  rowRootKernel,
} from './kernels/newton-schulz.ts';
import { avgPoolGradKernel, maxPoolGradKernel } from './kernels/pool-gradients.ts';
import { registerOnWasm } from './kernels/registration.ts';
import { reluGradKernel } from './kernels/relu-gradient.ts';
import { sgdStepKernel } from './kernels/sgd-step.ts';
import { tileKernel } from './kernels/tile.ts';
import { triuScatterKernel, triuVectorizeKernel } from './kernels/triangle.ts';
import {
  triuCovarianceGradientKernel,
  triuCovarianceKernel,
  triuMaskedCovarianceGradientKernel,
  triuMaskedCovarianceKernel,
} from './kernels/triu-covariance.ts';
import { unsortedSegmentSumKernel } from './kernels/unsorted-segment-sum.ts';
import { createPrimitives } from './primitives.ts';
import type { WasmPrimitives } from './primitives.ts';
import { hasRelaxedSimd } from './relaxed-simd.ts';

const KERNELS = [
  batchMatMulKernel,
  batchNormInferenceKernel,
  batchNormTrainingKernel,
  batchNormTrainingGradKernel,
  conv2dKernel,
  conv2dBackpropInputKernel,
  conv2dBackpropFilterKernel,
  depthwiseBackpropInputKernel,
  depthwiseBackpropFilterKernel,
  maxPoolGradKernel,
  avgPoolGradKernel,
  identityKernel,
  reluGradKernel,
  sgdStepKernel,
  tileKernel,
  triuVectorizeKernel,
  triuScatterKernel,
  einsumKernel,
  gatherKernel,
  unsortedSegmentSumKernel,
  covarianceKernel,
  covarianceGradientKernel,
  positionMeansKernel,
  channelCorrelationKernel,
  triuCovarianceKernel,
  triuCovarianceGradientKernel,
  triuMaskedCovarianceKernel,
  triuMaskedCovarianceGradientKernel,
  newtonSchulzKernel,
  newtonSchulzGradientKernel,
  rowRootKernel,
  rowRootGradientKernel,
];

/** What was registered. */
export interface WasmKernels {
  /** Whether the kernels use relaxed SIMD's fused multiply-add; without it they run at about three quarters of the speed. */
  relaxedSimd: boolean;
  /** The tfjs names of the registered kernels. */
  kernels: string[];
}

let primitivesOf: ((backend: BackendWasm) => WasmPrimitives) | undefined;
let registered: Promise<WasmKernels> | undefined;

/**
 * Registers this package's kernels for the wasm backend, in place of the released ones, after which convolutional networks
 * train on it. Call it once `await setBackend('wasm')` is through; further calls change nothing. In Node 20 relaxed SIMD
 * must be switched on before: `v8.setFlagsFromString('--experimental-wasm-relaxed-simd')`.
 */
export function registerWasmKernels(): Promise<WasmKernels> {
  return (registered ??= registerKind(hasRelaxedSimd() ? 'relaxed' : 'plain'));
}

/** Registers the kernels of one kind, whatever was registered before. */
export async function registerKind(kind: BinaryKind): Promise<WasmKernels> {
  const instantiate = instantiator(await loadBinary(kind));
  const known = new WeakMap<BackendWasm, WasmPrimitives>();
  const lookUp = (backend: BackendWasm): WasmPrimitives => {
    let primitives = known.get(backend);
    if (!primitives) known.set(backend, (primitives = createPrimitives(backend, kind, instantiate)));
    return primitives;
  };
  for (const kernel of KERNELS) registerOnWasm(kernel, lookUp);
  registerEinsumGradient();
  primitivesOf = lookUp;
  return { relaxedSimd: kind === 'relaxed', kernels: KERNELS.map(({ name }) => name) };
}

/** The means by which other packages' kernels work on the backend's memory; `registerWasmKernels` must have been awaited. */
export function wasmPrimitives(): WasmPrimitives {
  const backend = findBackend('wasm') as BackendWasm | null;
  if (!backend || !primitivesOf) {
    const lacking = backend ? 'registerWasmKernels()' : "setBackend('wasm')";
    throw new CovpoolError('unsupported', `wasmPrimitives: a ready wasm engine is required; await ${lacking} first`);
  }
  return primitivesOf(backend);
}
