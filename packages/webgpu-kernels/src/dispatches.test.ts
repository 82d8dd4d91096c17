import { seededTensor } from '@covpool/testing';
import { square, type Tensor, time, type TimingInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, run } from './on-webgpu.fixture.ts';

/** How many dispatches the backend has timed. */
async function dispatches(compute: () => unknown): Promise<number> {
  const timing = (await time(() => void compute())) as TimingInfo & { getExtraProfileInfo: () => string };
  const names = timing.getExtraProfileInfo();
  return names === '' ? 0 : names.split(', ').length;
}

const matrices = (d: number) => seededTensor([2, d, d], 'a', d);
const inputsOf = (kept: Tensor[]) => Object.fromEntries(kept.map((tensor, i) => [`kept${i}`, tensor]));

/** Dispatches of a Newton–Schulz kernel and of its gradient. */
async function both(name: string, inputs: { a: Tensor } | { x: Tensor }, dy: Tensor, iterations: number) {
  const attributes = { iterations, norm: 'trace', centering: true, recompute: false };
  let outputs: Tensor[] = [];
  const forward = await dispatches(() => (outputs = run(name, inputs, attributes)));
  const all = { dy, ...inputs, ...inputsOf(outputs.slice(1)) };
  return [forward, await dispatches(() => run(`${name}Gradient`, all, attributes))];
}

describeWebgpu('the number of dispatches that the README gives', () => {
  describe('values', () => {
    it('of Newton–Schulz on matrices: one up to side 64, 2N and 2N + 1 beyond', async () => {
      expect(await both('NewtonSchulz', { a: matrices(64) }, matrices(64), 2)).toEqual([1, 1]);
      expect(await both('NewtonSchulz', { a: matrices(65) }, matrices(65), 2)).toEqual([4, 5]);
    });

    it('of Newton–Schulz on rows: six and four up to 64 of them, 2N + 5 and 2N + 4 beyond', async () => {
      expect(await both('NewtonSchulzOfRows', { x: seededTensor([2, 9, 12], 'x') }, matrices(12), 3)).toEqual([6, 4]);
      expect(await both('NewtonSchulzOfRows', { x: seededTensor([2, 65, 66], 'x') }, matrices(66), 2)).toEqual([9, 8]);
    });

    it('of covariances, eigendecompositions and powers', async () => {
      const [a, dy, x] = [matrices(4), matrices(4), seededTensor([2, 5, 4], 'x')];
      expect(await dispatches(() => run('Covariance', { x }))).toBe(1);
      expect(await dispatches(() => run('CovarianceGradient', { dy, x }))).toBe(2);
      const [values, vectors, state] = run('Eigh', { a });
      expect(await dispatches(() => run('Eigh', { a }))).toBe(2);
      const gradients = { dvalues: values!, dvectors: vectors!, state: state! };
      expect(await dispatches(() => run('EighGradient', gradients))).toBe(3);
      const options = { alpha: 0.5, epsilon: 0, norm: 'none', gradient: 'exact', small: 'cut', centering: true };
      expect(await dispatches(() => run('MatrixPowerOfMatrix', { a }, options))).toBe(3);
      expect(await dispatches(() => run('MatrixPowerOfRows', { x }, options))).toBe(4);
      const of = { dy, state: state! };
      expect(await dispatches(() => run('MatrixPowerOfMatrixGradient', of, options))).toBe(6);
      expect(await dispatches(() => run('MatrixPowerOfRowsGradient', { ...of, x }, options))).toBe(8);
    });

    it('of logarithms of Cholesky factors', async () => {
      const [a, dy, x, options] = [matrices(4), matrices(4), seededTensor([2, 5, 4], 'x'), { epsilon: 1 }];
      expect(await dispatches(() => run('CholeskyLog', { a }, options))).toBe(1);
      expect(await dispatches(() => run('CholeskyLogOfRows', { x }, options))).toBe(2);
      expect(await dispatches(() => run('CholeskyLogGradient', { dy, a }, options))).toBe(2);
      expect(await dispatches(() => run('CholeskyLogOfRowsGradient', { dy, x }, options))).toBe(5);
    });

    it('of steps along the Stiefel manifold', async () => {
      const [w, velocity] = [seededTensor([5, 2], 'w'), seededTensor([5, 2], 'v')];
      for (const [retraction, expected] of [['qr', 7], ['cayley', 18], ['polar', 52]] as const) {
        expect(await dispatches(() => run('StiefelRetraction', { w, velocity }, { lr: 0.1, retraction }))).toBe(expected);
      }
    }); // prettier-ignore

    it('of batch normalisation: two each way, one by given statistics, however many rows', async () => {
      for (const rows of [5, 400]) {
        const [x, v] = [seededTensor([rows, 3], 'x'), seededTensor([3], 'v')];
        const forward = { x, scale: v, offset: v };
        expect(await dispatches(() => run('BatchNormTraining', forward, { epsilon: 1 }))).toBe(2);
        const backward = { dy: x, x, scale: v, mean: v, variance: square(v) };
        expect(await dispatches(() => run('BatchNormTrainingGrad', backward, { epsilon: 1 }))).toBe(2);
        const given = { ...forward, mean: v, variance: square(v) };
        expect(await dispatches(() => run('BatchNormInference', given, { epsilon: 1 }))).toBe(1);
      }
    });

    it('of the gradient of ReLU: one', async () => {
      const dy = seededTensor([5, 3], 'dy');
      expect(await dispatches(() => run('ReluGrad', { dy, y: dy }))).toBe(1);
    });

    it('of the gradient of convolutions by their filter: one, and one more for many positions', async () => {
      const attributes = { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 2, 2] };
      for (const [extent, expected] of [[4, 1], [20, 2]] as const) {
        const x = seededTensor([1, extent, extent, 2], 'x');
        expect(await dispatches(() => run('Conv2DBackpropFilter', { x, dy: x }, attributes))).toBe(expected);
      }
    }); // prettier-ignore

    it('of RoIAlign: one each way', async () => {
      const axis = { starts: Int32Array.of(0, 1), positions: Int32Array.of(2), weights: Float64Array.of(1) };
      const taps = { shape: [1, 4, 4, 2], size: [1, 1], pictures: Int32Array.of(0), rows: [axis], columns: [axis] };
      const features = seededTensor([1, 4, 4, 2], 'features');
      expect(await dispatches(() => run('CovpoolRoiAlign', { features }, { taps }))).toBe(1);
      const dy = seededTensor([1, 1, 1, 2], 'dy');
      expect(await dispatches(() => run('CovpoolRoiAlignGradient', { dy }, { taps }))).toBe(1);
    });
  });
});
