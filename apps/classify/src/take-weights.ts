import { CovpoolError } from '@covpool/base';
import { importState, type KeyMatch, matchKeys, matchTable, type TensorData } from '@covpool/checkpoints';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/**
 * Gives a model weights that must fit whole. Where they do not, `print` gets the table of what is missing, misshapen and unexpected.
 *
 * @throws bad-input
 */
export function takeWeights(
  model: LayersModel,
  tensors: ReadonlyMap<string, TensorData>,
  from: string,
  print: (text: string) => void = () => {},
): KeyMatch {
  try {
    return importState(model, tensors);
  } catch (cause) {
    if (!(cause instanceof CovpoolError)) throw cause;
    print(matchTable(matchKeys(model, tensors)));
    throw new CovpoolError(cause.code, `${from}: ${cause.message}`, { cause });
  }
}
