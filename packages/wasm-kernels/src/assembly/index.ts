export { gemm, gemmScratch } from './gemm';
export { convolution, convolutionScratch, reverseFilter } from './convolution';
export { covarianceForward, covarianceGradient, covarianceScratch } from './covariance';
export { filterGradient, filterGradientScratch } from './filter-gradient';
export { batchNormByGiven, batchNormForward, batchNormGradient, batchNormScratch } from './batch-norm';
export { channelCorrelation, channelMomentsScratch, positionMeans } from './channel-moments';
export { depthwiseGradient } from './depthwise';
export { timesTransposed64 } from './float64';
export { symmetricEigen64 } from './symmetric-eigen64';
export { gatherSlices } from './gather';
export { newtonSchulzKept } from './iterates';
export { newtonSchulzForward, newtonSchulzGradient, newtonSchulzScratch } from './newton-schulz';
export { reluGradient } from './relu-gradient';
export { rowFunction, rowSpectrum, rowSpectrumScratch } from './row-spectrum';
export { rowFunctionGradient, rowFunctionInner, rowGradientScratch } from './row-spectrum-gradient';
export { rowRootForward, rowRootGradient, rowRootScratch } from './row-root';
export { sgdStep } from './sgd';
export { segmentSum } from './segment-sum';
export { avgPoolGradient, maxPoolGradient } from './pool-gradient';
export { repeatBlocks } from './repeat';
export { triangles } from './triangle';
export { triuCovarianceForward, triuCovarianceGradient, triuCovarianceScratch } from './triu-covariance';
export {
  triuMaskedCovarianceForward,
  triuMaskedCovarianceGradient,
  triuMaskedCovarianceScratch,
} from './triu-masked-covariance';
