export { batchNormCase, batchNormOracle, givenBatchNormCase, givenBatchNormOracle } from './batch-norm-oracle.ts';
export type { BatchNormCase, GivenBatchNormCase } from './batch-norm-oracle.ts';
export { batchOf } from './batch-of.ts';
export { describeEngines } from './describe-engines.ts';
export { expectClose } from './expect-close.ts';
export { expectCovpoolError } from './expect-covpool-error.ts';
export { expectNoLeak } from './expect-no-leak.ts';
export {
  conjugate,
  diagonal,
  eigen,
  flatten,
  frobenius,
  fromTriu,
  identity,
  inner,
  minus,
  plus,
  scale,
  signedEigen,
  spectral,
  times,
  toMatrix,
  trace,
  transpose,
  triu,
} from './matrix.ts';
export type { Matrix } from './matrix.ts';
export { expectTrainsAndReloads } from './expect-trains-and-reloads.ts';
export { numericGradient } from './numeric-gradient.ts';
export { covarianceOracle, newtonSchulzOracle, symmetrise } from './pooling-oracles.ts';
export { reloaded, saved } from './saved.ts';
export { S0, seededGram, seededMatrix, seededOrthogonal } from './seeded-matrix.ts';
export { seededTensor, seededValues } from './seeded-tensor.ts';
export { alongTriu, symmetricGradients } from './symmetric-gradients.ts';
export { tolerance } from './tolerance.ts';
