import { checkArgument } from '@covpool/base';
import { type LayerShape, modelState, NamedLayer } from '@covpool/core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { backbones } from './backbone-registry.ts';
import { applicationOrder } from './application-order.ts';

export interface LayerDescription {
  name: string;
  kind: string;
  /** For one picture. */
  outputShape: number[];
  /** Values that training changes. */
  parameters: number;
  /** Running statistics of batch normalisation, fixed tables. */
  buffers: number;
  /** Multiply-adds of convolutions and linear maps, as published tables count them; see `NamedLayer.multiplyAdds`. */
  multiplyAdds: number;
}

export interface ModelDescription {
  name: string;
  /** [1,H,W,3] */
  inputShape: number[];
  layers: LayerDescription[];
  parameters: number;
  buffers: number;
  multiplyAdds: number;
}

export interface DescribeOptions {
  /** Side of the picture in pixels; absent: what the backbone of the model's name expects. */
  inputSize?: number;
}

/**
 * A network layer by layer for one picture, without running it: shapes, parameters, multiply-adds. The products inside of
 * poolings and attentions are not counted; `traceForward` shows them.
 *
 * @throws bad-argument if no size is given and the model has another name than a backbone
 */
export function describe(model: LayersModel, options: DescribeOptions = {}): ModelDescription {
  const side = inputSide('describe', model, options);
  const shapes = new Map<string, LayerShape>();
  const described: LayerDescription[] = [];
  for (const { layer, from } of applicationOrder(model)) {
    const inputs = from.map((name) => shapes.get(name)!);
    const inputShape = inputs.length === 1 ? inputs[0]! : inputs;
    const shape = inputs.length === 0 ? [1, side, side, 3] : (layer.computeOutputShape(inputShape) as LayerShape);
    shapes.set(layer.name, shape);
    described.push(describeLayer(layer, inputs[0] ?? shape, shape));
  }
  const total = (of: 'parameters' | 'buffers' | 'multiplyAdds') => described.reduce((sum, layer) => sum + layer[of], 0);
  return {
    name: model.name,
    inputShape: [1, side, side, 3],
    layers: described,
    parameters: total('parameters'),
    buffers: total('buffers'),
    multiplyAdds: total('multiplyAdds'),
  };
}

/** The side of the picture that a model is looked at with. */
export function inputSide(who: string, model: LayersModel, { inputSize }: DescribeOptions): number {
  checkArgument(
    inputSize !== undefined || backbones.has(model.name),
    () => `${who}: inputSize is required for the model '${model.name}', which is no backbone; give it`,
  );
  return inputSize ?? backbones.get(model.name).preprocessing.inputSize;
}

function describeLayer(layer: layers.Layer, inputShape: LayerShape, outputShape: LayerShape): LayerDescription {
  const counts = { parameters: 0, buffers: 0 };
  for (const { variable, buffer } of modelState(layer)) {
    counts[buffer ? 'buffers' : 'parameters'] += variable.shape.reduce<number>(
      (product, extent) => product * extent!,
      1,
    );
  }
  return {
    name: layer.name,
    kind: layer.getClassName(),
    outputShape: outputShape as number[],
    ...counts,
    multiplyAdds: layer instanceof NamedLayer ? layer.multiplyAdds(inputShape) : 0,
  };
}
