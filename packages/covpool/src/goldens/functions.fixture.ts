import {
  bilinear,
  compactBilinear,
  covariance,
  crossCovariance,
  distanceCovariance,
  gaussianEmbedding,
  l2Normalize,
  secondMoment,
  signedSqrt,
  triuCovariance,
  triuMatrix,
  type TriuOptions,
} from '@covpool/covariance';
import {
  adaptiveDropRate,
  channelImportance,
  crossDropCov,
  dropCov,
  dropUniform,
  dropUniformChannels,
  dropUniformRanks,
  ecaAttention,
  hardAttention,
  keepLargest,
  multiHeadCrossCovariance,
  seAttention,
} from '@covpool/dropcov';
import { adaptiveAveragePool, groupedConvolution, rowConvolution, spatialCovariance } from '@covpool/gsop';
import {
  biMap,
  d4Transforms,
  eigenRoot,
  frobeniusNormalize,
  idccp,
  logEig,
  lowRankBilinear,
  mgCap,
  reEig,
  trivialRepresentation,
} from '@covpool/idccp';
import {
  choleskyLog,
  choleskyLogCov,
  eigh,
  elementPowerNorm,
  isqrtCov,
  isqrtGaussian,
  matrixPower,
  matrixPowerCov,
  mpaInverseSqrt,
  mpaSqrt,
  mpaSqrtCov,
  mtpSqrt,
  mtpSqrtCov,
  newtonSchulzSqrt,
  powTmlr,
  scaleNorm,
  scalePowEmlr,
  solveLyapunov,
  scalingEigenBranch,
  scalingEigenBranchCov,
  svPowerNorm,
} from '@covpool/matrix-power';
import {
  expandDims,
  matMul,
  mul,
  pow,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';

/** What a golden file's function is here. */
export interface GoldenFunction {
  call: (inputs: Tensor[], options: Record<string, unknown>, constants: Record<string, Float32Array>) => Tensor;
}

/** A function of its inputs, in the golden's order, and an options bag. */
const plain = (call: (...inputs: never[]) => Tensor): GoldenFunction => ({
  call: (inputs, options) => call(...([...inputs, options] as never[])),
});

/** A³ from its eigenvalues and eigenvectors: needs the gradient of both, and does not see the vectors' signs. */
function cubeByEigh(a: Tensor3D): Tensor {
  const { values, vectors } = eigh(a);
  return matMul(mul(vectors, expandDims(pow(values, 3), 1)), vectors, false, true);
}

/** By the name of the golden file. */
export const goldenFunctions: Record<string, GoldenFunction> = {
  adaptiveAveragePool: {
    call: ([x], { size }) => adaptiveAveragePool(x as Tensor4D, size as [number, number]),
  },
  adaptiveDropRate: plain(adaptiveDropRate),
  biMap: plain(biMap),
  bilinear: plain(bilinear),
  channelImportance: plain(channelImportance),
  choleskyLog: plain(choleskyLog),
  choleskyLogCov: plain(choleskyLogCov),
  compactBilinear: {
    call: ([x], { outputDim }, { h1, h2, s1, s2 }) =>
      compactBilinear(x!, {
        outputDim: outputDim as number,
        h1: Int32Array.from(h1!),
        h2: Int32Array.from(h2!),
        s1: Int32Array.from(s1!),
        s2: Int32Array.from(s2!),
      }),
  },
  covariance: plain(covariance),
  crossCovariance: plain(crossCovariance),
  crossDropCov: {
    call: ([q, k, attention], options) =>
      crossDropCov(q as Tensor3D, k as Tensor3D, { ...options, attention: attention as Tensor2D | undefined }),
  },
  d4Transforms: plain(d4Transforms),
  distanceCovariance: plain(distanceCovariance),
  dropCov: plain(dropCov),
  dropUniform: plain(dropUniform),
  dropUniformChannels: plain(dropUniformChannels),
  dropUniformRanks: plain(dropUniformRanks),
  ecaAttention: plain(ecaAttention),
  eighCubed: plain(cubeByEigh),
  eighValues: plain((a: Tensor3D) => eigh(a).values),
  eigenRoot: plain(eigenRoot),
  elementPowerNorm: plain(elementPowerNorm),
  frobeniusNormalize: plain(frobeniusNormalize),
  gaussianEmbedding: plain(gaussianEmbedding),
  groupedConvolution: {
    call: ([x, filter, bias], { groups }) =>
      groupedConvolution(x as Tensor4D, filter as Tensor4D, bias as Tensor1D, groups as number),
  },
  hardAttention: plain(hardAttention),
  idccp: plain(idccp),
  isqrtCov: plain(isqrtCov),
  isqrtGaussian: plain(isqrtGaussian),
  keepLargest: plain(keepLargest),
  l2Normalize: plain((x: Tensor) => l2Normalize(x)),
  logEig: plain(logEig),
  lowRankBilinear: { call: ([a, b]) => lowRankBilinear(a!, b!) },
  matrixPower: plain(matrixPower),
  matrixPowerCov: plain(matrixPowerCov),
  matrixPowerNormalizedPublished: plain(matrixPower),
  matrixPowerPublished: plain(matrixPower),
  matrixPowerTopN: plain(matrixPower),
  mgCap: plain(mgCap),
  mpaInverseSqrt: plain(mpaInverseSqrt),
  mpaSqrt: plain(mpaSqrt),
  mpaSqrtCov: plain(mpaSqrtCov),
  mtpSqrt: plain(mtpSqrt),
  mtpSqrtCov: plain(mtpSqrtCov),
  multiHeadCrossCovariance: {
    call: ([x, weight, kernel], options) =>
      multiHeadCrossCovariance(x!, weight as Tensor2D, { ...options, kernel: kernel as Tensor3D | undefined }),
  },
  newtonSchulzSqrt: plain(newtonSchulzSqrt),
  powTmlr: plain(powTmlr),
  reEig: plain(reEig),
  rowConvolution: plain(rowConvolution),
  scaleNorm: { call: ([x, factor]) => scaleNorm(x as Tensor3D, factor as Scalar | undefined) },
  scalePowEmlr: plain(scalePowEmlr),
  scalingEigenBranch: plain(scalingEigenBranch),
  scalingEigenBranchCov: plain(scalingEigenBranchCov),
  seAttention: plain(seAttention),
  secondMoment: plain(secondMoment),
  signedSqrt: plain(signedSqrt),
  solveLyapunov: { call: ([s, g], options) => solveLyapunov(s as Tensor3D, g as Tensor3D, options) },
  spatialCovariance: plain(spatialCovariance),
  trivialRepresentation: {
    call: ([a], { copies }) => trivialRepresentation(a as Tensor3D, copies as number),
  },
  svPowerNorm: plain(svPowerNorm),
  triuCovariance: plain((x: Tensor, options: TriuOptions) => triuCovariance(x, options)),
  triuMatrix: plain(triuMatrix),
};
