import type { layers } from '@tensorflow/tfjs-layers';
import type { KeyMatch } from './match-keys.ts';
import { importState } from './model-tensors.ts';
import type { TensorData } from './tensor-data.ts';

/**
 * Gives a trunk the weights of a classifier's checkpoint and drops the rest of it: the reduction, the pooling and the classifier
 * (`layer_reduce*`, `layer_reduce_bn*`, `fc*`, under whichever names). Every weight of the trunk must be there.
 *
 * ```ts
 * const { model } = createBackbone('resnet50', { variant: 'GCP_M', frozenStages: 1, normalization: 'running' });
 * loadTrunk(model, (await readTorch(bytes)).tensors);
 * ```
 * @returns the comparison; its problems are what was dropped (see `matchTable`)
 * @throws bad-input naming the weights of the trunk that are missing or of another shape; nothing is changed then
 */
export const loadTrunk = (trunk: layers.Layer, tensors: ReadonlyMap<string, TensorData>): KeyMatch =>
  importState(trunk, tensors, { surplus: true });
