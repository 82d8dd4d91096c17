import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfusionMatrix } from './confusion-matrix.ts';

const pairs = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { maxLength: 60 });

function matrixOf(samples: (readonly [number, number])[], classes = 5): ConfusionMatrix {
  const matrix = new ConfusionMatrix(classes);
  for (const [label, predicted] of samples) matrix.add(label, predicted);
  return matrix;
}

describe('values', () => {
  // Nine of class 0 (eight right), one of class 1 (wrong), none of class 2.
  const unbalanced = matrixOf([...Array.from({ length: 8 }, () => [0, 0] as const), [0, 2], [1, 0]], 3);

  it('counts labels in rows', () => {
    expect(unbalanced.counts).toEqual([
      [8, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(unbalanced.total).toBe(10);
  });

  it('tells accuracy from mean class accuracy', () => {
    expect(unbalanced.accuracy).toBe(0.8);
    expect(unbalanced.perClassRecall).toEqual([8 / 9, 0, NaN]);
    expect(unbalanced.meanClassAccuracy).toBe(4 / 9);
  });

  it('has no accuracy before the first sample', () => {
    expect(new ConfusionMatrix(2).accuracy).toBeNaN();
    expect(new ConfusionMatrix(2).meanClassAccuracy).toBeNaN();
  });

  it('hands out copies', () => {
    unbalanced.counts[0]![0] = 99;
    expect(unbalanced.counts[0]![0]).toBe(8);
  });
});

describe('properties', () => {
  it('is the same whether counted at once or merged', () => {
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const merged = matrixOf(a);
        merged.merge(matrixOf(b));
        expect(merged.counts).toEqual(matrixOf([...a, ...b]).counts);
      }),
    );
  });

  it('survives JSON', () => {
    fc.assert(
      fc.property(pairs, (samples) => {
        const matrix = matrixOf(samples);
        expect(ConfusionMatrix.fromJSON(JSON.parse(JSON.stringify(matrix))).counts).toEqual(matrix.counts);
      }),
    );
  });

  it('agrees with counting by hand', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { minLength: 1, maxLength: 60 }),
        (samples) => {
          const matrix = matrixOf(samples);
          expect(matrix.total).toBe(samples.length);
          expect(matrix.accuracy).toBeCloseTo(samples.filter(([a, b]) => a === b).length / samples.length, 12);
          const labels = [...new Set(samples.map(([label]) => label))];
          const recalls = labels.map((label) => {
            const own = samples.filter(([a]) => a === label);
            return own.filter(([a, b]) => a === b).length / own.length;
          });
          expect(matrix.meanClassAccuracy).toBeCloseTo(recalls.reduce((a, b) => a + b, 0) / recalls.length, 12);
        },
      ),
    );
  });

  it('has equal accuracies when the classes are balanced', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4 }), { minLength: 5, maxLength: 5 }), (predicted) => {
        const matrix = matrixOf(predicted.map((p, label) => [label, p]));
        expect(matrix.meanClassAccuracy).toBeCloseTo(matrix.accuracy, 12);
      }),
    );
  });
});

describe('rejects', () => {
  it.each([
    ['a label that is no class', () => new ConfusionMatrix(2).add(2, 0), /classes must be in 0…1, got label 2/],
    ['a fractional prediction', () => new ConfusionMatrix(2).add(0, 0.5), /predicted 0.5/],
    ['NaN', () => new ConfusionMatrix(2).add(Number.NaN, 0), /got label NaN/],
    ['no classes', () => new ConfusionMatrix(0), /positive whole number, got 0/],
    [
      'a matrix of other classes',
      () => new ConfusionMatrix(2).merge(new ConfusionMatrix(3)),
      /must have 2 classes, got 3/,
    ],
    ['ragged JSON', () => ConfusionMatrix.fromJSON({ counts: [[1, 2], [3]] }), /row 1 must have 2, got \[3\]/],
    ['a negative count', () => ConfusionMatrix.fromJSON({ counts: [[-1]] }), /whole number, at least 0, got -1/],
    ['a count that is text', () => ConfusionMatrix.fromJSON(JSON.parse('{"counts":[["1"]]}')), /got "1"/],
    ['JSON of something else', () => ConfusionMatrix.fromJSON(JSON.parse('{}')), /non-empty list of rows, got nothing/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
