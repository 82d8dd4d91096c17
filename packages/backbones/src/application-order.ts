import type { layers, LayersModel } from '@tensorflow/tfjs-layers';

/** A layer of a network with the names of those whose outputs it takes; none for the input. */
export interface Application {
  layer: layers.Layer;
  from: string[];
}

/** The layers of a network, each applied once, so that each comes after those that it depends on. */
export function applicationOrder(model: LayersModel): Application[] {
  const order = new Map<string, Application>();
  const visit = (layer: layers.Layer): void => {
    if (order.has(layer.name)) return;
    const before = layer.inboundNodes[0]!.inboundLayers;
    for (const previous of before) visit(previous);
    order.set(layer.name, { layer, from: before.map(({ name }) => name) });
  };
  // From the input on, so that deep networks need no deep recursion.
  for (const layer of model.layers) visit(layer);
  return [...order.values()];
}
