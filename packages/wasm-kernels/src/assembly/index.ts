export { gemm, gemmScratch } from './gemm';
export { convolution, convolutionScratch, reverseFilter } from './convolution';
export { filterGradient, filterGradientScratch } from './filter-gradient';
export { batchNormForward, batchNormGradient, batchNormScratch } from './batch-norm';
export { depthwiseGradient } from './depthwise';
export { gatherSlices } from './gather';
export { segmentSum } from './segment-sum';
export { avgPoolGradient, maxPoolGradient } from './pool-gradient';
export { repeatBlocks } from './repeat';
