import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictedClasses, topK } from './top-k.ts';

const ascending = Float32Array.from({ length: 10 }, (_, i) => i);

/** Rows with many ties, the label of each, and the number of classes. */
const batches = fc.integer({ min: 1, max: 8 }).chain((classes) =>
  fc
    .array(
      fc.tuple(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: classes, maxLength: classes }),
        fc.nat({ max: classes - 1 }),
      ),
      { maxLength: 12 },
    )
    .map((samples) => ({
      classes,
      rows: samples.map(([row]) => row),
      logits: Float32Array.from(samples.flatMap(([row]) => row)),
      labels: Int32Array.from(samples, ([, label]) => label),
    })),
);

describe('values', () => {
  it.each([
    [5, 5, 1],
    [4, 5, 0],
    [9, 1, 1],
    [8, 1, 0],
    [0, 10, 1],
  ])('of ascending logits, label %i among the top %i counts %i', (label, k, hits) => {
    expect(topK(ascending, Int32Array.of(label), 10, k)).toBe(hits);
  });

  it('lets the lower index win a tie', () => {
    const tied = Float32Array.of(7, 7, 7);
    expect([0, 1, 2].map((label) => topK(tied, Int32Array.of(label), 3, 1))).toEqual([1, 0, 0]);
    expect([0, 1, 2].map((label) => topK(tied, Int32Array.of(label), 3, 2))).toEqual([1, 1, 0]);
    expect([...predictedClasses(tied, 3)]).toEqual([0]);
  });

  it('never counts NaN as a hit', () => {
    const broken = Float32Array.of(NaN, NaN, NaN);
    expect([0, 1, 2].map((label) => topK(broken, Int32Array.of(label), 3, 3))).toEqual([0, 0, 0]);
    expect(topK(Float32Array.of(NaN, 5), Int32Array.of(1), 2, 1)).toBe(0);
  });

  it('ranks infinities like any other logit', () => {
    expect(topK(Float32Array.of(0, Infinity, -Infinity), Int32Array.of(1), 3, 1)).toBe(1);
    expect(topK(Float32Array.of(0, Infinity, -Infinity), Int32Array.of(2), 3, 2)).toBe(0);
  });

  it('counts nothing in an empty batch', () => {
    expect(topK(new Float32Array(0), new Int32Array(0), 3, 1)).toBe(0);
  });
});

describe('properties', () => {
  it('agrees with a stable sort', () => {
    fc.assert(
      fc.property(batches, fc.nat(), ({ classes, rows, logits, labels }, seed) => {
        const k = (seed % classes) + 1;
        const hits = rows.filter((row, i) => {
          const order = row.map((_, c) => c).sort((a, b) => row[b]! - row[a]! || a - b);
          return order.slice(0, k).includes(labels[i]!);
        });
        expect(topK(logits, labels, classes, k)).toBe(hits.length);
      }),
    );
  });

  it('grows with k, from the predicted classes up to every sample', () => {
    fc.assert(
      fc.property(batches, ({ classes, logits, labels }) => {
        const hits = Array.from({ length: classes }, (_, i) => topK(logits, labels, classes, i + 1));
        expect(hits).toEqual([...hits].sort((a, b) => a - b));
        expect(hits.at(-1)).toBe(labels.length);
        expect(hits[0]).toBe(predictedClasses(logits, classes).filter((c, i) => c === labels[i]).length);
      }),
    );
  });

  it('gives every sample exactly one label at k = 1', () => {
    fc.assert(
      fc.property(batches, ({ classes, logits, labels }) => {
        const every = Array.from({ length: classes }, (_, c) =>
          topK(
            logits,
            labels.map(() => c),
            classes,
            1,
          ),
        );
        expect(every.reduce((a, b) => a + b, 0)).toBe(labels.length);
      }),
    );
  });
});

describe('rejects', () => {
  it.each([
    ['a label that is no class', () => topK(ascending, Int32Array.of(10), 10, 1), /labels must be in 0…9, got 10/],
    ['a negative label', () => topK(ascending, Int32Array.of(-1), 10, 1), /got -1 at sample 0/],
    ['k of 0', () => topK(ascending, Int32Array.of(1), 10, 0), /k must be an integer in 1…10/],
    ['k above the classes', () => topK(ascending, Int32Array.of(1), 10, 11), /got 11/],
    ['labels that do not match', () => topK(ascending, Int32Array.of(1, 2), 10, 1), /one label per row/],
    ['half a row', () => topK(ascending, Int32Array.of(1), 3, 1), /whole rows of 3 classes, got 10/],
    ['no classes', () => topK(ascending, Int32Array.of(1), 0, 1), /positive whole number, got 0/],
    ['a prediction out of NaN', () => predictedClasses(Float32Array.of(1, NaN), 2), /NaN at sample 0, class 1/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
