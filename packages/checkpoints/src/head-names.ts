import { headNames, keyLayouts } from './key-layouts.ts';
import type { TensorData } from './tensor-data.ts';

/** What the weights of a checkpoint say of its head. */
export interface HeadSizes {
  /** Channels after each reduction in front of the pooling; absent: there is none. */
  reduce?: number[];
  /** Outputs of the classifier; absent: there is none. */
  classes?: number;
}

const [reductions = [], normalisations = []] = headNames;
const CLASSIFIER = /^(?:fc|head(?:\.fc)?|classifier(?:\.(\d+))?)\.bias$/;

/** Reads the sizes of a head from a checkpoint under any of the names that `matchKeys` knows. */
export function headSizes(tensors: ReadonlyMap<string, TensorData>): HeadSizes {
  const names = new Set(tensors.keys());
  const rename = keyLayouts.find(({ fits }) => fits(names))?.rename ?? ((name: string) => name);
  const reduce: number[] = [];
  let [classes, last]: [number | undefined, number] = [undefined, -1];
  for (const [name, { shape }] of tensors) {
    const renamed = rename(name);
    const step = /^pool\.reduce\.(\d+)\.0\.weight$/.exec(renamed)?.[1];
    if (step !== undefined) reduce[Number(step)] = shape[0]!;
    else if (reductions.some((prefix) => renamed === `${prefix}weight`)) reduce[0] = shape[0]!;
    const found = CLASSIFIER.exec(renamed);
    if (found && Number(found[1] ?? 0) > last) [classes, last] = [shape[0], Number(found[1] ?? 0)];
  }
  return { ...(reduce.length > 0 && { reduce }), ...(classes !== undefined && { classes }) };
}

/**
 * The tensors under the names that the authors of GCP_Optimization, fast-MPN-COV and DropCov give the head: `layer_reduce`,
 * `layer_reduce_bn` in residual networks, `dimension_reduction.0` and `.1` in MobileNetV2 and ShuffleNetV2, `eca_layer`. All
 * other names are torchvision's anyway.
 */
export function toAuthorNames(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const isResidual = tensors.has('layer1.0.conv1.weight');
  const [reduction, normalisation] = isResidual
    ? ['layer_reduce.', 'layer_reduce_bn.']
    : ['dimension_reduction.0.', 'dimension_reduction.1.'];
  const rename = (name: string): string =>
    name
      .replace(reductions.at(-1)!, reduction)
      .replace(normalisations.at(-1)!, normalisation)
      .replace(/^pool\.eca_layer\./, 'eca_layer.');
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}
