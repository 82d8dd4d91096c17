import { eye, matMul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { polynomial, powers } from './matrix-polynomial.ts';
import { sqrtSeries } from './pade.ts';
import { toNumber } from './rational.ts';
import { symmetricInverse } from './symmetric-inverse.ts';

/** A function f that is near the square root on matrices with eigenvalues in [0,1]. */
export interface RootApproximation {
  /** f(0): what becomes of null directions. */
  atZero: number;
  /** f(A). */
  root: (a: Tensor) => Tensor;
  /** g(A) with `g(a) = (f(a) − f(0))/a`: what stands between the factors of A = XᵀX on the side of the rows. */
  slope: (a: Tensor) => Tensor;
}

/**
 * The [5/5] Padé approximant of `√(1−z)` at z = 1−a, in powers of a: with s = √a its numerator is `((1+s)^11 + (1−s)^11)/2`,
 * its denominator `((1+s)^11 − (1−s)^11)/(2s)`, both over 1024. All coefficients are positive, so that nothing
 * cancels in float32, where the powers of z lose four digits at a = 0.
 */
const numerator = [1, 55, 330, 462, 165, 11].map((binomial) => binomial / 1024);
const denominator = [11, 165, 462, 330, 55, 1].map((binomial) => binomial / 1024);

/** `(P(a) − f(0) Q(a))/a`. */
const padeSlope = numerator.slice(1).map((value, k) => value - denominator[k + 1]! / 11);

/**
 * The linear solve by P of Q is a product with the inverse on the engine instead of a factorisation by the processor: Q has
 * eigenvalues within [11/1024, 1], so eight Newton steps reach float32 everywhere, and on every engine. P stands in front: it
 * damps the rows where Q⁻¹ is large.
 */
const overDenominator = (p: Tensor, of: Tensor[]): Tensor =>
  matMul(p, symmetricInverse(polynomial(of, denominator), { low: 11 / 1024, high: 1 }));

/** Matrix Padé approximant [5/5] (Song, Sebe & Wang, ICLR 2022). 21 products. */
export const padeRoot: RootApproximation = {
  atZero: 1 / 11,
  root: (a) => {
    const of = powers(a);
    return overDenominator(polynomial(of, numerator), of);
  },
  slope: (a) => {
    const of = powers(a);
    return overDenominator(polynomial(of, padeSlope), of);
  },
};

/** The [5/5] approximant's inverse: of a matrix with eigenvalues in [1/11, 1]. */
export const padeInverseRoot = (a: Tensor): Tensor => symmetricInverse(padeRoot.root(a), { low: 1 / 11, high: 1 });

const taylor = sqrtSeries(11).map(toNumber);

/** `Σ_{k≥1} a_k (z^k − 1)/(1−z) = −Σ_j z^j Σ_{k>j} a_k`. */
const taylorSlope = taylor.slice(1).map((_, j) => -taylor.slice(j + 1).reduce((sum, value) => sum + value, 0));

const ofComplement = (a: Tensor, coefficients: readonly number[]): Tensor =>
  polynomial(powers(sub(eye(a.shape.at(-1)!), a)), coefficients);

/** Matrix Taylor polynomial of degree 10 (Song, Sebe & Wang, ICLR 2022). 5 products. */
export const taylorRoot: RootApproximation = {
  atZero: taylor.reduce((sum, value) => sum + value, 0),
  root: (a) => ofComplement(a, taylor),
  slope: (a) => ofComplement(a, taylorSlope),
};
