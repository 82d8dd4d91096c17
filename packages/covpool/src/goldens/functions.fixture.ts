import { covariance, crossCovariance, gaussianEmbedding, secondMoment, triuVectorize } from '@covpool/covariance';
import {
  adaptiveDropRate,
  channelImportance,
  dropCov,
  dropUniform,
  dropUniformChannels,
  dropUniformRanks,
  ecaAttention,
  hardAttention,
  keepLargest,
  seAttention,
} from '@covpool/dropcov';
import { adaptiveAveragePool, groupedConvolution, rowConvolution, spatialCovariance } from '@covpool/gsop';
import {
  eigh,
  isqrtCov,
  matrixPower,
  matrixPowerCov,
  newtonSchulzSqrt,
  scalingEigenBranch,
  scalingEigenBranchCov,
} from '@covpool/matrix-power';
import {
  expandDims,
  matMul,
  mul,
  pow,
  type Tensor,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';

/** What a golden file's function is here. */
export interface GoldenFunction {
  call: (inputs: Tensor[], options: Record<string, unknown>, constants: Record<string, Tensor>) => Tensor;
  /** How many times the engine's tolerance the gradients may be off; why stands beside each. */
  gradientFactor?: number;
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
  channelImportance: plain(channelImportance),
  covariance: plain(covariance),
  crossCovariance: plain(crossCovariance),
  dropCov: plain(dropCov),
  dropUniform: plain(dropUniform),
  dropUniformChannels: plain(dropUniformChannels),
  dropUniformRanks: plain(dropUniformRanks),
  ecaAttention: plain(ecaAttention),
  eighCubed: plain(cubeByEigh),
  eighValues: plain((a: Tensor3D) => eigh(a).values),
  gaussianEmbedding: plain(gaussianEmbedding),
  groupedConvolution: {
    call: ([x, filter, bias], { groups }) =>
      groupedConvolution(x as Tensor4D, filter as Tensor4D, bias as Tensor1D, groups as number),
  },
  hardAttention: plain(hardAttention),
  isqrtCov: plain(isqrtCov),
  keepLargest: plain(keepLargest),
  matrixPower: plain(matrixPower),
  matrixPowerCov: plain(matrixPowerCov),
  matrixPowerNormalizedPublished: plain(matrixPower),
  matrixPowerPublished: plain(matrixPower),
  matrixPowerTopN: plain(matrixPower),
  newtonSchulzSqrt: plain(newtonSchulzSqrt),
  rowConvolution: plain(rowConvolution),
  scalingEigenBranch: plain(scalingEigenBranch),
  scalingEigenBranchCov: plain(scalingEigenBranchCov),
  seAttention: plain(seAttention),
  secondMoment: plain(secondMoment),
  spatialCovariance: plain(spatialCovariance),
  triuCovariance: plain((x: Tensor) => triuVectorize(covariance(x))),
};
