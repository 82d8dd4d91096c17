import { profile, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { applicationOrder } from './application-order.ts';
import { type DescribeOptions, inputSide } from './describe.ts';

/** What the engine ran for one layer: how often each kernel, those inside a composed kernel included. */
export interface LayerTrace {
  name: string;
  kind: string;
  kernels: Record<string, number>;
}

/**
 * Runs one picture through a network, layer by layer, and says which kernels of the current engine computed each: whether a
 * pooling took its fused kernel or the composed form, say, or which side of the covariance. Costs a forward pass.
 *
 * @throws bad-argument if no size is given and the model has another name than a backbone
 */
export async function traceForward(model: LayersModel, options: DescribeOptions = {}): Promise<LayerTrace[]> {
  const side = inputSide('traceForward', model, options);
  const outputs = new Map<string, Tensor>();
  const traces: LayerTrace[] = [];
  for (const { layer, from } of applicationOrder(model)) {
    const inputs = from.map((name) => outputs.get(name)!);
    if (inputs.length === 0) outputs.set(layer.name, zeros([1, side, side, 3]));
    else {
      const run = () => tidy(() => layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as Tensor);
      const { kernels, result } = await profile(run);
      outputs.set(layer.name, result as unknown as Tensor);
      traces.push({ name: layer.name, kind: layer.getClassName(), kernels: count(kernels.map(({ name }) => name)) });
    }
  }
  for (const output of outputs.values()) output.dispose();
  return traces;
}

function count(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
