import {
  createModel,
  crossEntropy,
  d4Elements,
  d4Transform,
  modelState,
  sgd,
  siamese,
  type StateEntry,
  useEngine,
} from './index.ts';
import { expectClose, frobenius, identity, minus, seededTensor, times, toMatrix, transpose } from '@covpool/testing';
import {
  dispose,
  type Scalar,
  type Tensor,
  tensor1d,
  type Tensor2D,
  type Tensor4D,
  tidy,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';

const pictures = (): Tensor4D => seededTensor([2, 16, 16, 3], 'pictures') as Tensor4D;

const network = (): LayersModel =>
  siamese(
    createModel('resnet8', { pooling: { name: 'idccp', transforms: 8, retraction: 'polar' }, classes: 3, seed: 1 }),
  );

const weightOf = (net: LayersModel): StateEntry =>
  modelState(net).find(({ manifold }) => manifold?.name === 'stiefel')!;

function trained(net: LayersModel, steps: number): void {
  const ids = new Set(net.trainableWeights.map(({ id }) => id));
  const parameters = modelState(net).filter(({ variable }) => ids.has(variable.id));
  const variables = parameters.map(({ variable }) => variable.read() as Variable);
  const [x, labels, optimizer] = [pictures(), tensor1d([0, 2], 'int32'), sgd()];
  const loss = () => crossEntropy(net.apply(x, { training: true }) as Tensor2D, labels) as Scalar;
  for (let step = 0; step < steps; step++) {
    tidy(() => {
      const { grads } = variableGrads(loss, variables);
      const gradients = variables.map(({ name }) => grads[name]!);
      optimizer.step(parameters, gradients, 0.1);
    });
  }
  dispose([x, labels]);
  optimizer.dispose();
}

describe('siamese networks with IDCCP pooling', () => {
  // The slow engines have the parts' own tests.
  beforeAll(async () => {
    await useEngine('wasm');
  });

  it('learn on the Stiefel manifold, and see turned pictures alike (spec 8.6)', async () => {
    const net = network();
    const weight = weightOf(net);
    const columns = async () => toMatrix(await weight.variable.read().data(), weight.variable.shape[1]!);
    const start = await columns();
    trained(net, 3);
    const w = await columns();
    expect(frobenius(minus(w, start))).toBeGreaterThan(1e-3);
    expect(frobenius(minus(times(transpose(w), w), identity(w[0]!.length)))).toBeLessThan(1e-5);

    const logits = (element: (typeof d4Elements)[number]): Tensor =>
      net.predict(d4Transform(pictures(), element)) as Tensor;
    const expected = await logits('e').data();
    for (const g of d4Elements) await expectClose(logits(g), expected);
  });
});
