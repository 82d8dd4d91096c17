import { CovpoolError } from '@covpool/base';
import type { layers } from '@tensorflow/tfjs-layers';
import type { LayerShape, NamedLayer } from './named-layer.ts';

/** An attribute of a node: a whole number or several, text, or a number with a fraction. */
export type OnnxAttribute = number | readonly number[] | string | { float: number };

/** An output of a layer in a graph of ONNX. */
export interface OnnxValue {
  name: string;
  /** As covpool's layers see it, channels last; null where the graph leaves it open. */
  shape: LayerShape;
}

/**
 * A graph of ONNX that is being written. Every value of rank 4 is channels first in it, [B,C,H,W], as in PyTorch; all others have
 * the layout of covpool. Values are known by their names.
 */
export interface OnnxGraph {
  /** Adds a node of opset 17 with one output; returns the name of that. */
  add(operator: string, inputs: readonly string[], attributes?: Record<string, OnnxAttribute>): string;
  /** A layer's weight by its PyTorch name without the layer's (`weight`, `running_mean`), in PyTorch's layout. */
  weight(layer: NamedLayer, name: string): string;
  /** A constant of float32, by default a scalar or a vector. */
  constant(values: number | Float32Array, shape?: readonly number[]): string;
  /** A vector of int64, such as a shape or places. */
  integers(values: ArrayLike<number>): string;
}

/** What a layer that can be exported has beside `call`: the nodes that compute what it computes outside of training. */
export interface OnnxExportable {
  /** @returns the name of the layer's output */
  toOnnx(graph: OnnxGraph, input: OnnxValue): string;
}

/** Whether a layer can be exported. */
export const isOnnxExportable = (layer: layers.Layer): layer is layers.Layer & OnnxExportable =>
  typeof (layer as Partial<OnnxExportable>).toOnnx === 'function';

/** The error of a layer that has no form in ONNX. */
export const withoutOnnxForm = (layer: layers.Layer): CovpoolError =>
  new CovpoolError(
    'unsupported',
    `exportOnnx: a layer that ONNX can express is required, got '${layer.name}' (${layer.getClassName()}); ` +
      'of the poolings take gap, cov, isqrt, gaussian, bcnn or dropcov, or give the layer a toOnnx',
  );
