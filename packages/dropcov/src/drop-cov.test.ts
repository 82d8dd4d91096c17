import { covariance, triuVectorize } from '@covpool/covariance';
import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  numericGradient,
  seededTensor,
  seededValues,
  tolerance,
  toMatrix,
} from '@covpool/testing';
import {
  add,
  expandDims,
  fill,
  grad,
  grads,
  mul,
  type Rank,
  scalar,
  softmax,
  sum,
  type Tensor,
  tensor2d,
  type Tensor2D,
  tensor3d,
  type Tensor3D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adaptiveDropRate } from './adaptive-drop-rate.ts';
import { channelImportance } from './channel-importance.ts';
import { channelMask } from './channel-mask.ts';
import { dropCov, type DropCovOptions, triuDropCov } from './drop-cov.ts';

const [BATCH, POSITIONS, CHANNELS] = [2, 9, 12];
const features = () => seededTensor<Rank.R3>([BATCH, POSITIONS, CHANNELS], 'features');
const taps = () => seededTensor<Rank.R3>([3, 1, 1], 'taps');
const attention = () => softmax(seededTensor([BATCH, CHANNELS], 'attention')) as Tensor2D;
/** A scale at which the rate lies inside of its bounds. */
const SCALE = 3;
/** A training step's options. */
const step = (seed: number): DropCovOptions => ({ training: true, seed, scale: SCALE });

/** The rate and the mask of a batch, step by step in float64 where it matters. */
async function planOf(x: Tensor3D, w: Tensor2D, seed: number) {
  const [values, weights] = [await x.data(), toMatrix(await w.data(), CHANNELS)];
  const size = POSITIONS * CHANNELS;
  const weighted = weights.map((row, b) =>
    toMatrix(values.slice(b * size, (b + 1) * size), CHANNELS).map((r) => r.map((value, c) => value * (1 + row[c]!))),
  );
  const covariances = weighted.map(covarianceOracle);
  const correlation = covariances.map((sigma) => sigma.map((row) => row.reduce((p, q) => p + q, 0)));
  const rate = adaptiveDropRate(w, tensor2d(correlation), { scale: SCALE });
  const mask = toMatrix(await channelMask(BATCH, CHANNELS, rate, seed).data(), CHANNELS);
  return { rate: (await rate.data())[0]!, mask, covariances };
}

describeEngines('dropCov', () => {
  describe('values', () => {
    it('outside of training is the plain covariance, bit for bit, whatever the attention (spec 6.9)', async () => {
      const x = features();
      const plain = await covariance(x).data();
      for (const w of [attention(), fill([BATCH, CHANNELS], Number.NaN) as Tensor2D]) {
        await expectClose(dropCov(x, w), plain, { relative: 0 });
        await expectClose(dropCov(x, w, { seed: 5 }), plain, { relative: 0 });
      }
    });

    it('in training scales a kept pair by (1−ρ)^−2, and gives a dropped channel a row and a column of zeros (spec 6.9)', async () => {
      const [x, w] = [features(), attention()];
      let [dropped, kept] = [0, 0];
      for (const seed of [1, 2, 3]) {
        const { rate, mask, covariances } = await planOf(x, w, seed);
        expect(rate).toBeGreaterThan(0.1);
        expect(rate).toBeLessThan(0.9);
        const values = await dropCov(x, w, step(seed)).data();
        // A kept pair is multiplied by (1−ρ)^−2.
        const expected = covariances.flatMap((sigma, b) =>
          sigma.flatMap((row, i) =>
            row.map((value, j) => (mask[b]![i]! > 0 && mask[b]![j]! > 0 ? value / (1 - rate) ** 2 : 0)),
          ),
        );
        await expectClose(values, expected);
        expected.forEach((value, i) => {
          if (value === 0) {
            dropped++;
            expect(Math.abs(values[i]!)).toBe(0);
          } else kept++;
        });
      }
      expect(Math.min(dropped, kept)).toBeGreaterThan(10);
    });

    it('has an upper triangle of its own', async () => {
      const x = features();
      const w = channelImportance(x, taps());
      await expectClose(triuDropCov(x, taps(), step(3)), await triuVectorize(dropCov(x, w, step(3))).data());
      await expectClose(triuDropCov(x, taps()), await triuVectorize(dropCov(x, w)).data());
    });

    it('takes feature maps as rows', async () => {
      const map = seededTensor([BATCH, 2, 4, CHANNELS], 'map');
      const rows = tensor3d([...(await map.data())], [BATCH, 8, CHANNELS]);
      const options = step(2);
      await expectClose(dropCov(map, attention(), options), await dropCov(rows, attention(), options).data(), {
        relative: 0,
      });
    });

    it('is the covariance of features that are masked alike at every position (spec 6.9)', async () => {
      const [x, w] = [features(), attention()];
      const { rate, mask } = await planOf(x, w, 6);
      expect(mask.flat()).toContain(0);
      const masks = tensor3d(
        mask.flatMap((row) => Array.from({ length: POSITIONS }, () => row).flat()),
        x.shape,
      );
      const masked = mul(mul(x, expandDims(add(w, 1), 1)), masks);
      expect(rate).toBeGreaterThan(0);
      await expectClose(dropCov(x, w, step(6)), await covariance(masked).data());
    });

    it('drops nothing where importance and correlation agree (spec 6.9)', async () => {
      // Channels that are one and the same have equal row sums, like a uniform attention: cosine 1, and 1 + 1/d in front.
      const column = seededValues(POSITIONS, 'column');
      const x = tensor3d(
        column.flatMap((value) => new Array<number>(16).fill(value)),
        [1, POSITIONS, 16],
      );
      const factor = (1 + 1 / 16) ** 2;
      const plain = await covariance(x).data();
      await expectClose(
        dropCov(x, fill([1, 16], 1 / 16), { training: true, seed: 8 }),
        Array.from(plain, (value) => value * factor),
      );
    });

    it('is finite for features without variance, whose correlation is zero (spec 6.2)', async () => {
      for (const maxRate of [0.95, 1]) {
        const result = dropCov(fill([1, 4, 6], 2), fill([1, 6], 1 / 6), { training: true, maxRate });
        await expectClose(result, new Array<number>(36).fill(0), { relative: 0 });
      }
    });
  });

  describe('properties', () => {
    it('over masks is unbiased off the diagonal and larger by 1/(1−ρ) on it (spec 6.3)', async () => {
      const [x, w] = [features(), attention()];
      const { rate, covariances } = await planOf(x, w, 0);
      const count = 400;
      const means = new Float64Array(BATCH * CHANNELS * CHANNELS);
      for (let seed = 0; seed < count; seed++) {
        const result = dropCov(x, w, step(seed));
        (await result.data()).forEach((value, i) => (means[i]! += value / count));
        result.dispose();
      }
      const keep = 1 - rate;
      covariances.forEach((sigma, b) =>
        sigma.forEach((row, i) =>
          row.forEach((value, j) => {
            const expected = i === j ? value / keep : value;
            // σ·k/keep² with k Bernoulli(p), p = keep on the diagonal and keep² off it: deviation |σ|·√(p(1−p))/keep²; six.
            const p = i === j ? keep : keep * keep;
            const limit = (6 * Math.abs(value) * Math.sqrt((p * (1 - p)) / count)) / (keep * keep);
            const mean = means[(b * CHANNELS + i) * CHANNELS + j]!;
            // 1e-5 is the covariance's rounding where it all but cancels.
            expect(Math.abs(mean - expected)).toBeLessThan(limit + 1e-5);
          }),
        ),
      );
    });

    it('at rate 0.4 has a diagonal 1.667 times too large, as measured over masks (spec 6.3)', async () => {
      const [x, w] = [features(), attention()];
      const { rate: first, covariances } = await planOf(x, w, 0);
      // The rate is linear in the scale: this scale puts it at 0.4.
      const scale = (0.6 * SCALE) / (1 - first);
      const count = 600;
      let total = 0;
      for (let seed = 0; seed < count; seed++) {
        const result = dropCov(x, w, { training: true, seed, scale });
        const values = await result.data();
        covariances.forEach((sigma, b) =>
          sigma.forEach((row, i) => (total += values[(b * CHANNELS + i) * CHANNELS + i]! / row[i]!)),
        );
        result.dispose();
      }
      const samples = count * BATCH * CHANNELS;
      // A sample is 0 or 1/0.36 with probability 0.6, deviation 1.361: three deviations of the mean are 0.034.
      expect(Math.abs(total / samples - 1.667)).toBeLessThan((3 * 1.361) / Math.sqrt(samples));
    });

    it('is a function of the seed', async () => {
      const [x, w] = [features(), attention()];
      const draw = async (seed: number) => [...(await dropCov(x, w, step(seed)).data())];
      expect(await draw(1)).toEqual(await draw(1));
      expect(await draw(1)).not.toEqual(await draw(2));
    });

    it('drops no channel at maxRate 0', async () => {
      const [x, w] = [features(), attention()];
      const weighted = tidy(() => covariance(mul(x, expandDims(add(w, 1), 1))));
      await expectClose(dropCov(x, w, { training: true, maxRate: 0 }), await weighted.data());
    });
  });

  describe('gradient', () => {
    it('is the derivative of the formula with the mask held, in features and attention', async () => {
      const [x, w] = [features(), attention()];
      const size = POSITIONS * CHANNELS;
      const { mask } = await planOf(x, w, 4);
      const weights = seededTensor([BATCH, CHANNELS, CHANNELS], 'loss');
      const targets = await weights.data();
      const loss = (values: number[], attended: number[]) => {
        let total = 0;
        for (let b = 0; b < BATCH; b++) {
          const rows = toMatrix(values.slice(b * size, (b + 1) * size), CHANNELS).map((row) =>
            row.map((value, c) => value * (1 + attended[b * CHANNELS + c]!) * mask[b]![c]!),
          );
          const sigma = flatten(covarianceOracle(rows));
          sigma.forEach((value, i) => (total += value * targets[b * sigma.length + i]!));
        }
        return total;
      };
      const [dx, dw] = grads((a: Tensor, b: Tensor) => sum(mul(dropCov(a, b as Tensor2D, step(4)), weights)))([x, w]);
      const [values, attended] = [[...(await x.data())], [...(await w.data())]];
      const options = { relative: 2 * tolerance() };
      await expectClose(
        dx!,
        numericGradient((v) => loss(v, attended), values),
        options,
      );
      await expectClose(
        dw!,
        numericGradient((v) => loss(values, v), attended),
        options,
      );
    });

    it('of the triangle is that of the matrix', async () => {
      const weights = seededTensor([BATCH, (CHANNELS * (CHANNELS + 1)) / 2], 'loss of the triangle');
      const along = (f: (a: Tensor, b: Tensor3D) => Tensor): Tensor[] =>
        grads((a: Tensor, b: Tensor) => sum(mul(f(a, b as Tensor3D), weights)))([features(), taps()]);
      const ours = along((a, b) => triuDropCov(a, b, step(4)));
      const composed = along((a, b) => triuVectorize(dropCov(a, channelImportance(a, b), step(4))));
      for (const i of [0, 1]) await expectClose(ours[i]!, await composed[i]!.data(), { relative: 2 * tolerance() });
    });

    it('does not change if the rate is replaced by a constant (spec 6.9)', async () => {
      const [x, w] = [features(), attention()];
      const { rate } = await planOf(x, w, 4);
      const weights = seededTensor([BATCH, CHANNELS, CHANNELS], 'loss');
      const adaptive = grads((a: Tensor, b: Tensor) => sum(mul(dropCov(a, b as Tensor2D, step(4)), weights)))([x, w]);
      const constant = grads((a: Tensor, b: Tensor) => {
        const weighted = mul(a, expandDims(add(b, 1), 1)) as Tensor3D;
        const dropped = mul(weighted, expandDims(channelMask(BATCH, CHANNELS, scalar(rate), 4), 1));
        return sum(mul(covariance(dropped), weights));
      })([x, w]);
      for (const i of [0, 1]) await expectClose(adaptive[i]!, await constant[i]!.data());
    });
  });

  describe('rejects', () => {
    it('an attention of other images, features that are none, a rate beyond 1', async () => {
      await expectCovpoolError(
        () => dropCov(zeros([2, 3, 4]), zeros([2, 5])),
        'bad-argument',
        /dropCov: attention must be \[B,d\] = \[2,4\] like the features, got \[2,5\]/,
      );
      await expectCovpoolError(
        () => triuDropCov(zeros([2, 3, 4]), zeros([5, 1, 1]), { training: true }),
        'bad-argument',
        /triuDropCov: the kernel must be \[3,1,1\], got \[5,1,1\]/,
      );
      await expectCovpoolError(
        () => dropCov(zeros([2, 4]), zeros([2, 4])),
        'bad-argument',
        /dropCov: features must be \[B,M,d\] or \[B,H,W,d\]/,
      );
      await expectCovpoolError(
        () => dropCov(zeros([2, 3, 4]), zeros([2, 4]), { maxRate: 2 }),
        'bad-argument',
        /dropCov: maxRate must lie between 0 and 1, got 2/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, w] = [features(), attention()];
      for (const training of [true, false]) {
        await expectNoLeak(() => dropCov(x, w, { training }).dispose());
        await expectNoLeak(() => grad((a: Tensor) => sum(dropCov(a, w, { training })))(x).dispose());
        await expectNoLeak(() => grad((a: Tensor) => sum(triuDropCov(a, taps(), { training })))(x).dispose());
      }
    });
  });
});
