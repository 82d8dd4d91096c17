import { type Communicator, soloCommunicator } from '@covpool/base';
import { tensor4d, tidy, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { BatchSource } from './batch-source.ts';

/** A model's answers to a data set. */
export interface Predictions {
  /** [samples, classes], row by row in the order of the data set. */
  logits: Float32Array;
  labels: Int32Array;
  classes: number;
}

/**
 * The logits of every sample of a source (its epoch 0), outside of training mode. The ranks share the work; each of them
 * gets the whole result.
 */
export async function predictAll({
  model,
  source,
  samples,
  communicator = soloCommunicator,
  onStep,
}: {
  model: LayersModel;
  source: BatchSource;
  /** Samples of the whole data set. */
  samples: number;
  communicator?: Communicator;
  onStep?: (step: number) => void;
}): Promise<Predictions> {
  const classes = model.outputs[0]!.shape.at(-1)!;
  // One row per sample: its logits, then its label. Rows of other ranks stay zero, so that a sum puts them together.
  const rows = new Float32Array(samples * (classes + 1));
  let step = 0;
  for await (const batches of source.batches(0, { from: 0, shards: communicator.size, own: [communicator.rank] })) {
    for (const { images, shape, labels, indices } of batches) {
      if (labels.length === 0) continue;
      const logits = tidy(() => model.apply(tensor4d(images, shape)) as Tensor);
      const values = await logits.data();
      logits.dispose();
      for (const [i, index] of indices.entries()) {
        rows.set(values.subarray(i * classes, (i + 1) * classes), index * (classes + 1));
        rows[index * (classes + 1) + classes] = labels[i]!;
      }
    }
    onStep?.(++step);
  }
  const all = await communicator.sumShards(
    [{ index: communicator.rank, length: rows.length, parts: [rows] }],
    communicator.size,
  );
  const logits = new Float32Array(samples * classes);
  const labels = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    logits.set(all.subarray(i * (classes + 1), i * (classes + 1) + classes), i * classes);
    labels[i] = all[i * (classes + 1) + classes]!;
  }
  return { logits, labels, classes };
}
