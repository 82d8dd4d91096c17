import {
  backend_util,
  broadcastTo,
  Einsum,
  getGradient,
  matMul,
  registerGradient,
  reshape,
  sum,
  type Tensor,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { wasmKernel } from './registration.ts';

/** The letter of each axis. */
type Letters = readonly string[];

/** A tensor and what its axes are called. */
interface Term {
  x: Tensor;
  letters: Letters;
}

/** The terms of an equation such as `bij,bjk->bik`, and the letters of its result. */
function termsOf(equation: string, tensors: Tensor[]): { terms: Term[]; output: Letters } {
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
  return {
    terms: tensors.map((x, i) => ({ x, letters: idDims[i]!.map((place) => allDims[place]!) })),
    output: allDims.filter((_, place) => !summedDims.includes(place)),
  };
}

const sizes = ({ x, letters }: Term, of: Letters): number[] => of.map((letter) => x.shape[letters.indexOf(letter)]!);
const product = (numbers: number[]): number => numbers.reduce((all, one) => all * one, 1);

/** Axes in another order. */
const ordered = ({ x, letters }: Term, order: Letters): Tensor =>
  transpose(
    x,
    order.map((letter) => letters.indexOf(letter)),
  );

/** Without the letters that nothing else has, summed over. */
function summed({ x, letters }: Term, others: Letters): Term {
  const axes = letters.flatMap((letter, axis) => (others.includes(letter) ? [] : [axis]));
  return axes.length === 0
    ? { x, letters }
    : { x: sum(x, axes), letters: letters.filter((letter) => others.includes(letter)) };
}

/** One or two terms to a result, all of it in one batched product. */
function contract(terms: Term[], output: Letters): Tensor {
  const [a, b] = terms.map((term, i) => {
    const others = terms.filter((_, j) => j !== i).flatMap(({ letters }) => letters);
    return summed(term, [...output, ...others]);
  }) as [Term, Term?];
  if (!b) return ordered(a, output);
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const batch = shared.filter((letter) => output.includes(letter));
  const inner = shared.filter((letter) => !output.includes(letter));
  const rows = a.letters.filter((letter) => !shared.includes(letter));
  const columns = b.letters.filter((letter) => !shared.includes(letter));
  const [pictures, m, k, n] = [sizes(a, batch), sizes(a, rows), sizes(a, inner), sizes(b, columns)];
  const left = reshape(ordered(a, [...batch, ...rows, ...inner]), [product(pictures), product(m), product(k)]);
  const right = reshape(ordered(b, [...batch, ...inner, ...columns]), [product(pictures), product(k), product(n)]);
  const x = reshape(matMul(left, right), [...pictures, ...m, ...n]);
  return ordered({ x, letters: [...batch, ...rows, ...columns] }, output);
}

/** Sums of products by their letters, as batched matrix products. */
export const einsumKernel = wasmKernel<never, { equation: string }>(Einsum, (_, inputs, { equation }) =>
  tidy(() => {
    const { terms, output } = termsOf(equation, Object.values(inputs));
    return contract(terms, output);
  }),
);

/** The gradient by one of the terms: the result's by the others; along letters that nothing else has, the same everywhere. */
function gradientBy(own: Term, others: Term[], dy: Term): Tensor {
  const given = [dy, ...others].flatMap(({ letters }) => letters);
  const kept = own.letters.filter((letter) => given.includes(letter));
  const part = contract([dy, ...others], kept);
  const shape = own.letters.map((letter, axis) => (kept.includes(letter) ? own.x.shape[axis]! : 1));
  return broadcastTo(reshape(part, shape), own.x.shape);
}

/** TensorFlow.js has no gradient of `einsum` on any backend. */
export function registerEinsumGradient(): void {
  if (getGradient(Einsum)) return;
  registerGradient({
    kernelName: Einsum,
    saveAllInputs: true,
    gradFunc(dy, saved, attributes) {
      const { terms, output } = termsOf((attributes as { equation: string }).equation, saved);
      const above = { x: dy as Tensor, letters: output };
      const gradients = terms.map((own) => () => {
        return gradientBy(
          own,
          terms.filter((other) => other !== own),
          above,
        );
      });
      return Object.fromEntries(gradients.entries());
    },
  });
}
