import type { layers } from '@tensorflow/tfjs-layers';
import { NamedLayer, type StateEntry } from './named-layer.ts';

/**
 * Every weight of a model (or of one layer) under its PyTorch name, in the order of the layers. Layers that are not
 * covpool's keep TensorFlow.js's name and layout: `dense_1.kernel`.
 */
export function modelState(model: layers.Layer): StateEntry[] {
  const parts = (model as layers.Layer & { layers?: layers.Layer[] }).layers;
  if (parts) return parts.flatMap(modelState);
  if (model instanceof NamedLayer) return model.stateEntries();
  return model.weights.map((variable) => {
    const stem = variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1);
    return { name: `${model.name}.${stem}`, variable };
  });
}
