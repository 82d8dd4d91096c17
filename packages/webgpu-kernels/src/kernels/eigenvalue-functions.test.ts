import {
  alongTriu,
  batchOf,
  conjugate,
  covarianceOracle,
  diagonal,
  eigen,
  expectClose,
  expectNoLeak,
  flatten,
  fromTriu,
  identity,
  inner,
  type Matrix,
  numericGradient,
  scale,
  seededMatrix,
  seededTensor,
  seededValues,
  spectral,
  symmetrise,
  times,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, run } from '../on-webgpu.fixture.ts';

interface Example {
  name: string;
  attributes: object;
  /** The function in float64. */
  of: (a: Matrix) => Matrix;
}

const clip = (value: number, lowest: number, highest: number): number => Math.min(Math.max(value, lowest), highest);
const norm = (a: Matrix): number => Math.hypot(...flatten(a));
const root = (a: Matrix): Matrix => spectral(a, (value) => Math.sqrt(clip(value, 1e-6, 1e6)));

function scaledRoot(a: Matrix): Matrix {
  const total = eigen(a).values.reduce((sum, value) => sum + value * Math.exp(-2 * value), 0);
  return spectral(a, (value) => Math.sqrt(value) * (1 + Math.sqrt(total)));
}

const examples: Example[] = [
  { name: 'ReEig', attributes: { lowest: 0.5, highest: 8 }, of: (a) => spectral(a, (value) => clip(value, 0.5, 8)) },
  { name: 'LogEig', attributes: { floor: 0.5 }, of: (a) => spectral(a, (value) => Math.log(Math.max(value, 0.5))) },
  { name: 'EigenRoot', attributes: { norm: 'image' }, of: (a) => scale(root(a), 1 / norm(a)) },
  { name: 'EigenRoot', attributes: { norm: 'batch' }, of: root },
  { name: 'ScalingEigenBranch', attributes: { gradient: 'exact' }, of: scaledRoot },
  { name: 'ScalingEigenBranch', attributes: { gradient: 'k-matrix' }, of: scaledRoot },
];

/** With these eigenvalues, some beyond the limits of the examples, two of them near each other unless told. */
function matrix(key: string, third = 2.99): Matrix {
  const x = seededMatrix(6, 6, key);
  const u = eigen(times(transpose(x), x)).vectors;
  return symmetrise(conjugate(diagonal([11, 3, third, 0.7, 0.49, 0.2]), u));
}

async function gradientOf({ name, attributes }: Example, a: Matrix, g: Matrix): Promise<Matrix> {
  const [, state] = run(`${name}OfMatrix`, { a: batchOf(a) }, attributes);
  const [da] = run(`${name}OfMatrixGradient`, { dy: batchOf(g), state: state! }, attributes);
  return toMatrix(await da!.data(), a.length);
}

describeWebgpu('functions of eigenvalues in WGSL', () => {
  describe('values', () => {
    it.each(examples)('are the definition’s: $name $attributes', async ({ name, attributes, of }) => {
      const a = [matrix('a'), matrix('b')];
      await expectClose(
        run(`${name}OfMatrix`, { a: batchOf(...a) }, attributes)[0]!,
        a.flatMap((m) => flatten(of(m))),
      );
    });

    it('the scaling eigen branch of diag(4,1) is that of spec 5.9', () =>
      expectClose(
        run('ScalingEigenBranchOfMatrix', { a: batchOf(diagonal([4, 1])) }, { gradient: 'exact' })[0]!,
        [2.7393974, 0, 0, 1.3696987],
      ));

    it.each(examples)('of rows are those of their covariance: $name $attributes', async ({ name, attributes, of }) => {
      const x = seededMatrix(9, 4, 'rows');
      const [result] = run(`${name}OfRows`, { x: batchOf(x) }, { ...attributes, centering: true });
      await expectClose(result!, flatten(of(covarianceOracle(x))));
    });
  });

  describe('properties', () => {
    it.each(examples)('finite, the gradient too, for zero, rank one, large and repeated: $name', async (example) => {
      const ones = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]; // prettier-ignore
      for (const a of [diagonal([0, 0, 0]), ones, identity(3), diagonal([100, 100, 90])]) {
        const [result] = run(`${example.name}OfMatrix`, { a: batchOf(a) }, example.attributes);
        expect((await result!.data()).every(Number.isFinite)).toBe(true);
        const da = await gradientOf(example, a, [[1, 2, 0], [2, -1, 3], [0, 3, 1]]); // prettier-ignore
        expect(flatten(da).every(Number.isFinite)).toBe(true);
      }
    });
  });

  describe('gradient', () => {
    it.each(examples)('is the derivative: $name $attributes', async (example) => {
      // Through K as many digits are lost as eigenvalues have in common.
      const third = 'gradient' in example.attributes ? 2 : undefined;
      const [a, w] = [matrix('gradient', third), symmetrise(seededMatrix(6, 6, 'w'))];
      const numeric = numericGradient((upper) => inner(w, example.of(fromTriu(upper, 6))), triu(a));
      await expectClose(alongTriu(await gradientOf(example, a, w)), numeric);
    });

    it.each(examples)('by features is the derivative: $name $attributes', async ({ name, attributes, of }) => {
      const [m, d] = [9, 4];
      const [x, w] = [seededValues(m * d, 'features'), seededValues(d * d, 'w')];
      const numeric = numericGradient(
        (values) =>
          flatten(of(covarianceOracle(toMatrix(values, d)))).reduce((total, value, i) => total + value * w[i]!, 0),
        x,
      );
      const rows = batchOf(toMatrix(x, d));
      const all = { ...attributes, centering: true };
      const [, state] = run(`${name}OfRows`, { x: rows }, all);
      const [dx] = run(`${name}OfRowsGradient`, { dy: batchOf(toMatrix(w, d)), x: rows, state: state! }, all);
      await expectClose(dx!, numeric);
    });
  });

  describe('memory', () => {
    it.each(examples)('keeps nothing but its results: $name', async ({ name, attributes }) => {
      const [a, dy] = [batchOf(matrix('memory')), seededTensor([1, 6, 6], 'G')];
      await expectNoLeak(() => {
        const [result, state] = run(`${name}OfMatrix`, { a }, attributes);
        const [da] = run(`${name}OfMatrixGradient`, { dy, state: state! }, attributes);
        for (const tensor of [result, state, da]) tensor!.dispose();
      });
    });
  });
});
