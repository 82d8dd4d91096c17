export { gemm, gemmScratch } from './gemm';
export { convolution, convolutionScratch, reverseFilter } from './convolution';
export { filterGradient, filterGradientScratch } from './filter-gradient';
