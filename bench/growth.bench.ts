// How time and memory of each normalisation grow with channels, positions and pictures: forward and backward on features
// [B,M,d], one thread. What takes over three seconds is not taken further.
//   node --conditions=@covpool/source --import tsx bench/growth.bench.ts [engine]
// Writes bench/results/growth.json; `tools/make-performance.ts` makes docs/performance.md of it.
import { cpus } from 'node:os';
import {
  choleskyLogCov,
  covariance,
  isqrtCov,
  isqrtGaussian,
  matrixPowerCov,
  mpaSqrtCov,
  mtpSqrtCov,
  scalingEigenBranchCov,
  triuDropCov,
  useEngine,
} from 'covpool';
import { writeFileAtomic } from '@covpool/base/node';
import { seededTensor } from '@covpool/testing';
import { fill, grad, memory, profile, type Rank, type Tensor } from '@tensorflow/tfjs-core';
import { median } from './compare/measure.ts';
import { resultPath } from './compare/result-path.ts';

const LIMIT_MS = 3000;

const normalizations: Record<string, (x: Tensor) => Tensor> = {
  'covariance alone': (x) => covariance(x),
  triuDropCov: (x) => triuDropCov(x, fill<Rank.R3>([3, 1, 1], 0.5), { training: true, seed: 1 }),
  isqrtCov: (x) => isqrtCov(x),
  isqrtGaussian: (x) => isqrtGaussian(x),
  mpaSqrtCov: (x) => mpaSqrtCov(x),
  mtpSqrtCov: (x) => mtpSqrtCov(x),
  'matrixPowerCov, exact': (x) => matrixPowerCov(x),
  'matrixPowerCov, Padé': (x) => matrixPowerCov(x, { gradient: 'pade' }),
  scalingEigenBranchCov: (x) => scalingEigenBranchCov(x),
  choleskyLogCov: (x) => choleskyLogCov(x),
};

type Shape = [batch: number, positions: number, channels: number];

const sweeps: Record<string, Shape[]> = {
  channels: [64, 128, 256, 512].map((d): Shape => [8, 196, d]),
  positions: [49, 196, 784, 3136].map((m): Shape => [8, m, 256]),
  pictures: [1, 4, 16, 64].map((b): Shape => [b, 49, 256]),
};

/** Time of forward and backward, and the most bytes of tensors beyond those that were there. */
async function measure(f: (x: Tensor) => Tensor, shape: Shape): Promise<{ ms: number; megabytes: number }> {
  const x = seededTensor(shape, 'features');
  const value = f(x);
  const dy = seededTensor(value.shape, 'dy');
  value.dispose();
  const gradient = grad(f);
  const before = memory().numBytes;
  const { peakBytes } = await profile(() => gradient(x, dy));
  const times: number[] = [];
  for (let i = 0; i < 5 && times.reduce((sum, ms) => sum + ms, 0) < LIMIT_MS; i++) {
    const start = performance.now();
    const dx = gradient(x, dy);
    await dx.data();
    times.push(performance.now() - start);
    dx.dispose();
  }
  x.dispose();
  dy.dispose();
  return {
    ms: Number(median(times).toPrecision(3)),
    megabytes: Number(((peakBytes - before) / 2 ** 20).toPrecision(3)),
  };
}

const { name: engine } = await useEngine(process.argv[2]);
const rows = [];
for (const [sweep, shapes] of Object.entries(sweeps)) {
  for (const [name, f] of Object.entries(normalizations)) {
    const cells: ({ ms: number; megabytes: number } | undefined)[] = [];
    for (const shape of shapes) {
      const slow = cells.some((cell) => cell && cell.ms > LIMIT_MS);
      cells.push(slow ? undefined : await measure(f, shape));
    }
    rows.push({ sweep, name, cells });
    console.log(sweep, name, cells.map((cell) => (cell ? `${cell.ms} ms ${cell.megabytes} MB` : '–')).join('  '));
  }
}
const machine = { processor: cpus()[0]!.model, node: process.version, engine };
await writeFileAtomic(resultPath('growth'), `${JSON.stringify({ machine, sweeps, rows }, null, 2)}\n`);
