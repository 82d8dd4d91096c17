type Numbers<Names extends string[]> = { [Index in keyof Names]: number };
type Routine<Names extends string[]> = (...values: Numbers<Names>) => void;

/** What the compiled module exports: sizes in numbers, addresses in bytes, booleans as 0 or 1. */
export interface KernelModule {
  gemm: Routine<
    ['a', 'b', 'c', 'm', 'n', 'k', 'lda', 'ldb', 'ldc', 'transposeA', 'transposeB', 'accumulate', 'scratch']
  >;
  gemmScratch(): number;
  // prettier-ignore
  convolution: Routine<['x', 'filter', 'y', 'batch', 'height', 'width', 'channels', 'kernelHeight', 'kernelWidth', 'filters', 'outHeight', 'outWidth',
    'strideH', 'strideW', 'dilationH', 'dilationW', 'top', 'left', 'yBatchStep', 'yRowStep', 'yColumnStep', 'transposed', 'scratch']>;
  // prettier-ignore
  convolutionScratch(channels: number, kernelHeight: number, kernelWidth: number, filters: number, outHeight: number, outWidth: number,
    strideH: number, strideW: number, dilationH: number, dilationW: number): number;
  // prettier-ignore
  reverseFilter: Routine<['filter', 'kernelWidth', 'channels', 'filters', 'firstH', 'stepH', 'countH', 'firstW', 'stepW', 'countW', 'to']>;
  // prettier-ignore
  filterGradient: Routine<['x', 'dy', 'filter', 'batch', 'height', 'width', 'channels', 'kernelHeight', 'kernelWidth', 'filters', 'outHeight', 'outWidth',
    'strideH', 'strideW', 'dilationH', 'dilationW', 'top', 'left', 'scratch']>;
  // prettier-ignore
  filterGradientScratch(channels: number, kernelHeight: number, kernelWidth: number, outHeight: number, outWidth: number,
    strideH: number, strideW: number, dilationH: number, dilationW: number): number;
  // prettier-ignore
  batchNormByGiven: Routine<['x', 'scale', 'offset', 'mean', 'variance', 'y', 'rows', 'channels', 'epsilon', 'scratch']>;
  // prettier-ignore
  batchNormForward: Routine<['x', 'scale', 'offset', 'y', 'mean', 'variance', 'rows', 'channels', 'epsilon', 'scratch']>;
  // prettier-ignore
  batchNormGradient: Routine<['dy', 'x', 'scale', 'mean', 'variance', 'dx', 'dScale', 'dOffset', 'rows', 'channels', 'epsilon', 'scratch']>;
  batchNormScratch(channels: number): number;
  covarianceForward: Routine<['x', 'to', 'count', 'm', 'd', 'centering', 'scratch']>;
  covarianceGradient: Routine<['dy', 'x', 'dx', 'count', 'm', 'd', 'centering', 'scratch']>;
  covarianceScratch(m: number, d: number): number;
  positionMeans: Routine<['x', 'means', 'count', 'm', 'd', 'scratch']>;
  channelCorrelation: Routine<['x', 'weights', 'to', 'count', 'm', 'd', 'scratch']>;
  channelMomentsScratch(d: number): number;
  newtonSchulzForward: Routine<['a', 'root', 'kept', 'count', 'd', 'iterations', 'frobenius', 'scratch']>;
  newtonSchulzGradient: Routine<['dy', 'a', 'kept', 'da', 'count', 'd', 'iterations', 'frobenius', 'scratch']>;
  newtonSchulzKept(side: number, iterations: number, ofRows: number): number;
  newtonSchulzScratch(d: number, iterations: number): number;
  rowRootForward: Routine<['x', 'root', 'kept', 'count', 'm', 'd', 'iterations', 'frobenius', 'centering', 'scratch']>;
  // prettier-ignore
  rowRootGradient: Routine<['dy', 'x', 'kept', 'dx', 'count', 'm', 'd', 'iterations', 'frobenius', 'centering', 'scratch']>;
  rowRootScratch(m: number, d: number, iterations: number): number;
  // prettier-ignore
  depthwiseGradient: Routine<['dy', 'other', 'to', 'ofInput', 'batch', 'height', 'width', 'channels', 'kernelHeight', 'kernelWidth', 'filters',
    'outHeight', 'outWidth', 'strideH', 'strideW', 'dilationH', 'dilationW', 'top', 'left']>;
  // prettier-ignore
  gatherSlices(x: number, ids: number, to: number, batches: number, outer: number, extent: number, count: number, bytes: number): number;
  // prettier-ignore
  sgdStep: Routine<['weight', 'gradient', 'velocity', 'toWeight', 'toVelocity', 'count', 'rate', 'momentum', 'decay']>;
  segmentSum: Routine<['x', 'ids', 'to', 'rows', 'width', 'segments', 'integers']>;
  // prettier-ignore
  maxPoolGradient: Routine<['dy', 'x', 'dx', 'batch', 'height', 'width', 'channels', 'windowHeight', 'windowWidth', 'outHeight', 'outWidth',
    'strideH', 'strideW', 'top', 'left']>;
  // prettier-ignore
  avgPoolGradient: Routine<['dy', 'dx', 'batch', 'height', 'width', 'channels', 'windowHeight', 'windowWidth', 'outHeight', 'outWidth',
    'strideH', 'strideW', 'top', 'left']>;
  triuCovarianceForward: Routine<['x', 'v', 'count', 'm', 'd', 'byColumns', 'scratch']>;
  triuCovarianceGradient: Routine<['dv', 'x', 'dx', 'count', 'm', 'd', 'byColumns', 'scratch']>;
  triuCovarianceScratch(m: number, d: number): number;
  triuMaskedCovarianceForward: Routine<['x', 'weights', 'mask', 'v', 'count', 'm', 'd', 'scratch']>;
  // prettier-ignore
  triuMaskedCovarianceGradient: Routine<['dv', 'x', 'weights', 'mask', 'dx', 'dWeights', 'count', 'm', 'd', 'scratch']>;
  triuMaskedCovarianceScratch(m: number, d: number): number;
  triangles: Routine<['matrices', 'vectors', 'count', 'd', 'byColumns', 'back']>;
  reluGradient: Routine<['dy', 'y', 'dx', 'count']>;
  repeatBlocks: Routine<['from', 'to', 'blocks', 'bytes', 'times']>;
  rowSpectrum: Routine<['x', 'm', 'd', 'centering', 'rows', 'values', 'vectors', 'scratch']>;
  // prettier-ignore
  rowFunction: Routine<['m', 'd', 'settings', 'order', 'scales', 'weights', 'rows', 'vectors', 'kept', 'result', 'scratch']>;
  rowSpectrumScratch(m: number, d: number): number;
  // prettier-ignore
  rowFunctionInner: Routine<['x', 'm', 'd', 'centering', 'settings', 'scales', 'vectors', 'dy', 'rows', 'u', 'p', 'cut', 'h', 'scratch']>;
  // prettier-ignore
  rowFunctionGradient: Routine<['m', 'd', 'settings', 'scales', 'vectors', 's', 'across', 'h', 'rows', 'u', 'p', 'cut', 'dx', 'scratch']>;
  rowGradientScratch(m: number, d: number): number;
  timesTransposed64: Routine<['a', 'b', 'out', 'm', 'n', 'k']>;
  symmetricEigen64: Routine<['a', 'd', 'values', 'work']>;
}
