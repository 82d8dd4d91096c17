import '@tensorflow/tfjs-layers'; // registers the gradients
import { expectNoLeak } from '@covpool/testing';
import {
  add,
  div,
  engine,
  eye,
  matMul,
  mean,
  mul,
  sqrt,
  square,
  sub,
  sum,
  tensor,
  tidy,
  transpose,
  valueAndGrad,
} from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';
import type { Operand } from '../against-cpu.fixture.ts';
import type { RowRootAttrs } from '../second-order-jobs.ts';

const attributes = (attrs: Partial<RowRootAttrs>): RowRootAttrs => ({
  iterations: 5,
  norm: 'trace',
  centering: true,
  recompute: false,
  ...attrs,
});

/** The iteration as published, in plain operations. */
function plainRoot(a: Tensor, { iterations, norm }: RowRootAttrs): Tensor {
  const identity = eye(a.shape[2]!);
  const t = norm === 'trace' ? sum(mul(a, identity), [1, 2], true) : sqrt(sum(square(a), [1, 2], true));
  let y = div(a, t);
  let z: Tensor = mul(add(mul(y, 0), 1), identity);
  for (let k = 0; k < iterations; k++) {
    const step = mul(sub(mul(identity, 3), matMul(z, y)), 0.5);
    [y, z] = [matMul(y, step), matMul(step, z)];
  }
  return mul(y, sqrt(t));
}

function plainRootOfRows(x: Tensor, attrs: RowRootAttrs): Tensor {
  const rows = attrs.centering ? sub(x, mean(x, 1, true)) : x;
  return plainRoot(mul(matMul(rows, rows, true), 1 / x.shape[1]!), attrs);
}

/** The symmetric part of each matrix. */
const symmetric = (a: Tensor): Tensor => mul(add(a, transpose(a, [0, 2, 1])), 0.5);

const run = (name: string, inputs: NamedTensorMap, attrs: RowRootAttrs): Tensor[] =>
  engine().runKernel(name, inputs, { ...attrs }) as Tensor[];

/** Gradient first, then value, of the kernels on the running backend. */
function ofKernels(name: string, input: string, attrs: RowRootAttrs) {
  return (operandTensor: Tensor, dy: Tensor): { value: Tensor; gradient: Tensor } => {
    const [value, ...kept] = run(name, { [input]: operandTensor }, attrs);
    const inputs = { dy, [input]: operandTensor, ...(kept[0] ? { kept0: kept[0] } : {}) };
    return { value: value!, gradient: run(`${name}Gradient`, inputs, attrs)[0]! };
  };
}

async function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): Promise<void> {
  const size = Math.max(...Array.from(expected, Math.abs));
  expect(actual.length).toBe(expected.length);
  // Some ten float32 products one after the other on either side.
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= 2e-5 * size + 1e-7)) {
      expect.fail(`value ${i} of ${expected.length}: expected ${expected[i]}, got ${actual[i]}`);
    }
  }
}

async function expectLikePlain(
  ours: (x: Tensor, dy: Tensor) => { value: Tensor; gradient: Tensor },
  plain: (x: Tensor) => Tensor,
  operands: Operand[],
): Promise<void> {
  for (const part of ['value', 'gradient'] as const) {
    const found = await computeOn('wasm', (x, dy) => ours(x!, dy!)[part], operands);
    const expected = await computeOn(
      'cpu',
      (x, dy) => {
        const { value, grad } = valueAndGrad((input: Tensor) => sum(mul(plain(input), symmetric(dy!))))(x!);
        return part === 'gradient' ? grad : add(plain(x!), mul(value, 0));
      },
      operands,
    );
    await expectClose(found.values, expected.values);
  }
}

const expectOfRows = (batch: number, m: number, d: number, attrs: RowRootAttrs): Promise<void> =>
  expectLikePlain(ofKernels('NewtonSchulzOfRows', 'x', attrs), (x) => plainRootOfRows(x, attrs), [
    operand([batch, m, d], 'rows'),
    operand([batch, d, d], 'rows dy'),
  ]);

/** Of the second moment of d + 3 rows, so that no eigenvalue is near zero. */
async function expectOfMatrix(batch: number, d: number, attrs: RowRootAttrs): Promise<void> {
  const a = await computeOn('cpu', (x) => mul(matMul(x!, x!, true), 1 / d), [operand([batch, d + 3, d], 'matrix')]);
  const operands = [{ shape: a.shape, values: Array.from(a.values) }, operand([batch, d, d], 'matrix dy')];
  const plain = (x: Tensor): Tensor => plainRoot(symmetric(x), attrs);
  await expectLikePlain(ofKernels('NewtonSchulz', 'a', attrs), plain, operands);
}

describeKinds(() => {
  describe('values and gradient', () => {
    const sides = [1, 2, 4, 5, 8, 9, 13, 16];

    it.each(sides.flatMap((m) => [m, m + 1, m + 4, 24].filter((d) => d > m || m === 1).map((d) => [m, d] as const)))(
      'of %i rows of %i channels, like plain operations on cpu',
      async (m, d) => {
        if (m > 1) await expectOfRows(2, m, d, attributes({}));
        await expectOfRows(2, m, d, attributes({ centering: false, iterations: 3 }));
      },
    );

    it.each([...sides, 23, 40])('of matrices of side %i, like plain operations on cpu', (d) =>
      expectOfMatrix(2, d, attributes({})),
    );

    // Twenty are twelve more than convergence takes: rounding must not grow in them.
    it.each([1, 2, 3, 4, 7, 20])('after %i iterations, with both norms', async (iterations) => {
      for (const norm of ['trace', 'frobenius'] as const) {
        // On the other side, that of the plain form, their kernel is rounding times 1.5²⁰ by then.
        if (iterations < 20) await expectOfRows(1, 6, 11, attributes({ iterations, norm }));
        await expectOfMatrix(1, 11, attributes({ iterations, norm }));
      }
    });

    it('are the same bit for bit if nothing is kept', async () => {
      for (const [name, input, shape] of [
        ['NewtonSchulzOfRows', 'x', [2, 7, 12]],
        ['NewtonSchulz', 'a', [2, 12, 12]],
      ] as const) {
        for (const iterations of [1, 2, 5]) {
          const operands = [operand([...shape], name), operand([2, 12, 12], 'dy')];
          const by = (recompute: boolean) =>
            computeOn(
              'wasm',
              (x, dy) => ofKernels(name, input, attributes({ recompute, iterations }))(symmetricIf(x!), dy!).gradient,
              operands,
            );
          expect(await by(true)).toEqual(await by(false));
        }
      }
    });
  });

  describe('properties', () => {
    it('agrees with plain operations on any shape', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 20 }),
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 1, max: 6 }),
          (m, more, iterations) => expectOfRows(1, m, m + more, attributes({ iterations })),
        ),
        { numRuns: 20, seed: 1 },
      ));

    it('treats each picture by itself, whatever surrounds it', async () => {
      const both = operand([2, 5, 9], 'batch');
      const second = { shape: [1, 5, 9], values: both.values.slice(45) };
      const root = (x: Tensor): Tensor => run('NewtonSchulzOfRows', { x }, attributes({ recompute: true }))[0]!;
      const [whole, part] = [await computeOn('wasm', root, [both]), await computeOn('wasm', root, [second])];
      expect(Array.from(whole.values).slice(81)).toEqual(Array.from(part.values));
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const x = tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]);
      return expectNoLeak(() => tidy(() => void run('NewtonSchulzOfRows', { x }, attributes({}))));
    });
  });
});

/** Matrices made symmetric; rows as they are. */
const symmetricIf = (x: Tensor): Tensor => (x.shape[1] === x.shape[2] ? matMul(x, x, true) : x);
