import { checkArgument, CovpoolError } from '@covpool/base';
import { exportState, importState } from '@covpool/checkpoints';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { TrainOptions } from './train.ts';

/**
 * The hybrid protocol, as `onEpochStart` of `train`: a network is trained with one pooling (iSQRT-COV) and, from `epoch` on, with
 * another (an accurate root by SVD). The weights carry over by name, and nothing else changes: optimiser state, schedule
 * and order of the samples go on. As published, the switch is at the last drop of the learning rate (`lastDrop`).
 *
 * The network before the switch is disposed of. A training resumed at, before or after the switch gives the same numbers: its
 * checkpoint is loaded into the network before the switch whenever it was saved, since both have the same weights.
 *
 * ```ts
 * await train({ ...options, onEpochStart: hybrid({ epoch: lastDrop(rate, epochs), successor: () => build('svd-pade') }) });
 * ```
 *
 * Song, Sebe & Wang, Why approximate matrix square root outperforms accurate SVD in global covariance pooling?, ICCV 2021.
 *
 * @param epoch epochs that are trained before the switch
 * @param successor builds the network after the switch, with weights of the same names and shapes
 * @throws bad-argument before the first epoch if the weights of the two networks differ, naming those that do
 */
export function hybrid({
  epoch: switchEpoch,
  successor,
}: {
  epoch: number;
  successor: () => LayersModel;
}): NonNullable<TrainOptions['onEpochStart']> {
  checkArgument(
    Number.isInteger(switchEpoch) && switchEpoch >= 0,
    () => `hybrid: epoch must be a whole number from 0, got ${switchEpoch}`,
  );
  let checked = false;
  let after: LayersModel | undefined;
  return async (epoch, model) => {
    const due = epoch >= switchEpoch;
    if (model === after || (checked && !due)) return model;
    const next = successor();
    try {
      importState(next, await exportState(model));
    } catch (cause) {
      if (!(cause instanceof CovpoolError)) throw cause;
      throw new CovpoolError(
        'bad-argument',
        `hybrid: both networks must have the same weights, got ${cause.message}; choose poolings with equal descriptors`,
        { cause },
      );
    }
    checked = true;
    if (!due) {
      next.dispose();
      return model;
    }
    model.dispose();
    after = next;
    return after;
  };
}
