import {
  describeEngines,
  expectClose,
  expectNoLeak,
  frobenius,
  identity,
  minus,
  seededTensor,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { fill, mul, tensor, type Tensor, tensor1d, type Tensor2D, grad } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  Linear,
  modelState,
  NamedLayer,
  orthonormal,
  type Retraction,
  retractions,
  type StateEntry,
} from '@covpool/core';
import { crossEntropy } from './cross-entropy.ts';
import { sgd } from './sgd.ts';

function oneWeight(value: number): StateEntry {
  const layer = new Linear({ name: 'fc', units: 1 });
  layer.build([null, 1]);
  layer.setWeights([tensor([[value]]), tensor([0])]);
  return modelState(layer)[0]!;
}

class Basis extends NamedLayer {
  static className = 'covpool/trainers/Basis';

  constructor(private readonly extents: [number, number], private readonly retraction: Retraction) {
    super({ name: 'basis' });
  }

  override build(): void {
    const manifold = { name: 'stiefel', retraction: this.retraction } as const;
    this.addNamedWeight('weight', this.extents, orthonormal, { manifold });
    this.built = true;
  }
}

function onStiefel(n: number, p: number, retraction: Retraction): StateEntry {
  const layer = new Basis([n, p], retraction);
  layer.build();
  return modelState(layer)[0]!;
}

/** tr(WᵀDW) after so many steps up, and how far W is from the manifold. */
async function sgdOnStiefel(
  weight: StateEntry,
  d: number[],
  { steps, weightDecay }: { steps: number; weightDecay: number },
): Promise<{ value: number; distance: number }> {
  const optimizer = sgd({ momentum: 0.5, weightDecay });
  const columns = tensor(d, [d.length, 1]);
  for (let step = 0; step < steps; step++) {
    const gradient = mul(mul(weight.variable.read(), columns), -1);
    optimizer.step([weight], [gradient], 0.1);
    gradient.dispose();
  }
  const w = toMatrix(await weight.variable.read().data(), 2);
  const value = w.reduce((sum, row, i) => sum + d[i]! * row.reduce((part, entry) => part + entry ** 2, 0), 0);
  return { value, distance: frobenius(minus(times(transpose(w), w), identity(2))) };
}

describeEngines('sgd', () => {
  it('limits the norm of all gradients together', async () => {
    const step = async (clipNorm: number) => {
      const weights = [oneWeight(1), { ...oneWeight(1), name: 'other' }];
      const optimizer = sgd({ momentum: 0, weightDecay: 0, clipNorm });
      optimizer.step(weights, [tensor([[3]]), tensor([[-4]])], 1);
      return Promise.all(weights.map(async ({ variable }) => (await variable.read().data())[0]!));
    };
    expect(await step(5.1)).toEqual([-2, 5]);
    const [first, second] = await step(2.5);
    expect([first, second]).toEqual([expect.closeTo(1 - 1.5, 5), expect.closeTo(1 + 2, 5)]);
    expect(() => sgd({ clipNorm: 0 })).toThrow('sgd: clipNorm must be positive, got 0');
  });

  it('takes the steps of spec §6.2', async () => {
    const weight = oneWeight(1);
    const optimizer = sgd({ momentum: 0.9, weightDecay: 0.1 });
    const gradient = tensor([[0.5]]);
    optimizer.step([weight], [gradient], 0.1);
    await expectClose(weight.variable.read(), [0.94]);
    await expectClose(optimizer.state().get('fc.weight')!, [0.6]);
    optimizer.step([weight], [gradient], 0.1);
    await expectClose(optimizer.state().get('fc.weight')!, [1.134]);
    await expectClose(weight.variable.read(), [0.8266]);
  });

  it('goes on from a saved state', async () => {
    const [weight, other] = [oneWeight(1), oneWeight(1)];
    const [first, second] = [sgd(), sgd()];
    const gradient = tensor([[0.5]]);
    first.step([weight], [gradient], 0.1);
    second.load(first.state());
    other.variable.write(weight.variable.read() as Tensor);
    first.step([weight], [gradient], 0.1);
    second.step([other], [gradient], 0.1);
    await expectClose(other.variable.read(), await weight.variable.read().data(), { relative: 0 });
  });

  it('leaks nothing', async () => {
    const weight = oneWeight(1);
    const gradient = tensor([[0.5]]);
    const optimizer = sgd();
    await expectNoLeak(() => optimizer.step([weight], [gradient], 0.1));
  });

  it.each(retractions)(
    'descends along the Stiefel manifold by %s, without decay of the weight (spec 8.2)',
    async (retraction) => {
      // −tr(WᵀDW)/2 is least where W spans the first two directions; its gradient is −DW.
      const d = [5, 4, 1, 0.5, 0.2];
      const weight = onStiefel(5, 2, retraction);
      const start = await sgdOnStiefel(weight, d, { steps: 0, weightDecay: 10 });
      const end = await sgdOnStiefel(weight, d, { steps: 100, weightDecay: 10 });
      expect(start.value).toBeLessThan(8);
      expect(Math.abs(end.value - 9)).toBeLessThan(1e-4);
      expect(end.distance).toBeLessThan(1e-5);
    },
  );

  it('carries its velocity along the Stiefel manifold', async () => {
    const weight = onStiefel(5, 2, 'qr');
    const optimizer = sgd({ momentum: 0.9 });
    const gradient = seededTensor([5, 2], 'velocity');
    for (let step = 0; step < 3; step++) {
      const w = toMatrix(await weight.variable.read().data(), 2);
      optimizer.step([weight], [gradient], 0.1);
      const velocity = toMatrix(await optimizer.state().get(weight.name)!.data(), 2);
      const across = symmetrise(times(transpose(w), velocity));
      expect(frobenius(across)).toBeLessThan(1e-5);
      expect(frobenius(velocity)).toBeGreaterThan(0.1);
    }
    await expectNoLeak(() => optimizer.step([weight], [gradient], 0.1));
  });

  it('refuses a momentum of 1', () => {
    expect(() => sgd({ momentum: 1 })).toThrow('momentum must be in [0,1)');
  });
});

describeEngines('crossEntropy', () => {
  it('is ln K for uniform logits', async () => {
    await expectClose(crossEntropy(fill([3, 1000], 4) as Tensor2D, tensor1d([0, 5, 999], 'int32')), [6.907755]);
  });

  it('does not fall below the entropy of smoothed labels', async () => {
    // Logits equal to the log of the targets: spec §6.3.
    const logits = new Array<number>(1000).fill(Math.log(1e-4));
    logits[7] = Math.log(0.9001);
    const loss = crossEntropy(tensor(logits, [1, 1000]), tensor1d([7], 'int32'), { labelSmoothing: 0.1 });
    const floor = -(0.9001 * Math.log(0.9001) + 999 * 1e-4 * Math.log(1e-4));
    await expectClose(loss, [floor]);
    expect(Math.abs(floor - 1.0148)).toBeLessThan(5e-5);
  });

  it('is finite for logits of any size', async () => {
    await expectClose(crossEntropy(tensor([[1e4, 0]]), tensor1d([1], 'int32')), [1e4]);
  });

  it('has the gradient softmax minus target, over the count', async () => {
    const logits = tensor([[1, 2, 3]]);
    const gradient = grad((z: Tensor) => crossEntropy(z as Tensor2D, tensor1d([0], 'int32'), { count: 2 }))(logits);
    const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
    await expectClose(
      gradient,
      [1, 2, 3].map((z, i) => (Math.exp(z) / total - (i === 0 ? 1 : 0)) / 2),
    );
  });

  it('leaks nothing, and refuses labels of another length', async () => {
    const [logits, labels] = [tensor([[1, 2, 3]]) as Tensor2D, tensor1d([0], 'int32')];
    await expectNoLeak(() => crossEntropy(logits, labels).dispose());
    await expectNoLeak(() => grad((z: Tensor) => crossEntropy(z as Tensor2D, labels))(logits).dispose());
    expect(() => crossEntropy(logits, tensor1d([0, 1], 'int32'))).toThrow('labels [B], got [1,3] and [2]');
  });
});
