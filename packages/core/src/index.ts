export { Activation, activations } from './activation.ts';
export type { ActivationConfig, ActivationName } from './activation.ts';
export { attention, attentions } from './attention-registry.ts';
export type { AttentionEntry } from './attention-registry.ts';
export { BatchNorm } from './batch-norm.ts';
export type { BatchNormConfig } from './batch-norm.ts';
export { batchNormInference } from './batch-norm-inference.ts';
export type { BatchNormParameters } from './batch-norm-inference.ts';
export { batchNormTraining } from './batch-norm-training.ts';
export { BranchSum } from './branch-sum.ts';
export { CompositeLayer } from './composite-layer.ts';
export { Conv2d } from './conv2d.ts';
export type { Conv2dConfig, ConvolutionInitialization } from './conv2d.ts';
export { convolution } from './convolution.ts';
export { composedForm, defineKernel } from './define-kernel.ts';
export type { KernelCall, KernelDefinition, KernelGradient } from './define-kernel.ts';
export { DepthwiseConv2d } from './depthwise-conv2d.ts';
export type { DepthwiseConv2dConfig } from './depthwise-conv2d.ts';
export { depthwiseConvolution } from './depthwise-convolution.ts';
export { DropPath } from './drop-path.ts';

export { Dropout } from './dropout.ts';
export type { DropoutConfig } from './dropout.ts';
export { convolvedExtent } from './window.ts';
export { timesTransposed, transposed } from './float64-product.ts';
export { float64Routines, registerFloat64Routines } from './float64-routines.ts';
export type { Float64Routines } from './float64-routines.ts';
export { Gelu, gelu } from './gelu.ts';
export { globalAveragePooling, GlobalAveragePooling } from './global-average-pooling.ts';
export { GroupNorm } from './group-norm.ts';
export type { GroupNormConfig } from './group-norm.ts';
export { InstanceNorm } from './instance-norm.ts';
export type { InstanceNormConfig } from './instance-norm.ts';
export { defineHostKernel } from './host-kernel.ts';
export type { HostArray, HostCompute } from './host-form.ts';
export type { HostKernelDefinition } from './host-kernel.ts';
export {
  constant,
  kaimingNormal,
  orthonormal,
  SeededInitializer,
  torchUniform,
  xavierUniform,
} from './initializers.ts';
export type { InitialValues } from './initializers.ts';
export { LayerNorm } from './layer-norm.ts';
export type { LayerNormConfig } from './layer-norm.ts';
export { layerNormalization } from './layer-normalization.ts';
export { Linear } from './linear.ts';
export type { LinearConfig } from './linear.ts';
export { checkRetraction, orthonormalColumns, retractions } from './manifold.ts';
export type { Manifold, Retraction } from './manifold.ts';
export { MaxPool2d } from './max-pool2d.ts';
export type { MaxPool2dConfig } from './max-pool2d.ts';
export type { MethodEntry } from './method-entry.ts';
export { modelState } from './model-state.ts';
export { isTraining, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';
export type { LayerConfig, LayerShape, StateEntry } from './named-layer.ts';
export { NormalizationLayer } from './normalization-layer.ts';
export { normalization, normalizations } from './normalization-registry.ts';
export type { NormalizationEntry } from './normalization-registry.ts';
export { isOnnxExportable, withoutOnnxForm } from './onnx.ts';
export type { OnnxAttribute, OnnxExportable, OnnxGraph, OnnxValue } from './onnx.ts';
export { PoolingLayer, poolingOptionNames } from './pooling-layer.ts';
export type { OnnxFeatures, PoolingConfig } from './pooling-layer.ts';
export { pooling, poolings } from './pooling-registry.ts';
export type { PoolingEntry, PoolingSpec } from './pooling-registry.ts';
export { checkOptionNames, registry } from './registry.ts';
export type { Registry } from './registry.ts';
export type { ShapeSpec } from './shape-spec.ts';
export { sharedGlobal } from './shared-global.ts';
export {
  initializationSeed,
  maskSeed,
  movedAverage,
  updateRunningAverage,
  withSeed,
  withTrainingScope,
} from './training-scope.ts';
export type { StatisticUpdate, TrainingScope } from './training-scope.ts';
