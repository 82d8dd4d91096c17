import { expectClose } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGolden } from './golden.fixture.ts';
import { selectProposals } from './select-proposals.ts';
import { wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  picture: [number, number];
  anchors: number[];
  counts: number[];
  objectness: number[];
  deltas: number[];
  before: [number, number];
  after: [number, number];
  proposals: { training: boolean; boxes: number[]; scores: number[] }[];
}

const golden = readGolden<Golden>('select');
const picture = golden.picture;
const starts = golden.counts.map((_, level) => golden.counts.slice(0, level).reduce((a, b) => a + b, 0));
const levels = golden.counts.map((count, level) => {
  const part = (values: number[], each: number) =>
    Float32Array.from(values.slice(each * starts[level]!, each * (starts[level]! + count)));
  return { anchors: part(golden.anchors, 4), objectness: part(golden.objectness, 1), deltas: part(golden.deltas, 4) };
});

/** Anchors that are the proposals themselves. */
const level = (boxes: number[], objectness: number[]) => ({
  anchors: Float32Array.from(boxes),
  objectness: Float32Array.from(objectness),
  deltas: new Float32Array(boxes.length),
});

describe('selectProposals', () => {
  describe('values', () => {
    it.each(golden.proposals)(
      'are those of torchvision’s RPN, training $training',
      async ({ training, boxes, scores }) => {
        const [before, after] = [golden.before, golden.after].map((counts) => counts[training ? 0 : 1]);
        const got = selectProposals(levels, { picture, training, before, after, conventions: 'torchvision' });
        await expectClose(got.boxes, boxes, { relative: 1e-6 });
        await expectClose(got.scores, scores, { relative: 1e-6 });
      },
    );

    it('are suppressed level by level, merged by score, without empty boxes (spec 4)', () => {
      const first = level([0, 0, 10, 10, 0, 0, 10, 9, 3, 3, 3, 9], [1, 0.5, 9]);
      const second = level([0, 0, 10, 10], [2]);
      const { boxes, scores } = selectProposals([first, second], { picture: [20, 20], training: true });
      expect([...boxes]).toEqual([0, 0, 10, 10, 0, 0, 10, 10]);
      expect([...scores]).toEqual([2, 1].map((x) => Math.fround(1 / (1 + Math.exp(-x)))));
    });

    it('are at most 1000 in training, 2000 with the others’ conventions (spec 2, 4)', () => {
      const apart = Array.from({ length: 3000 }, (_, n) => [3 * n, 0, 3 * n + 2, 2]).flat();
      const many = [
        level(
          apart,
          Array.from({ length: 3000 }, (_, n) => n / 3000),
        ),
      ];
      const count = (training: boolean, conventions: 'mmdet2' | 'mmdet1' | 'torchvision') =>
        selectProposals(many, { picture: [9, 9000], training, conventions }).scores.length;
      expect([count(true, 'mmdet2'), count(false, 'mmdet2')]).toEqual([1000, 1000]);
      expect([count(true, 'mmdet1'), count(false, 'mmdet1')]).toEqual([2000, 1000]);
      expect([count(true, 'torchvision'), count(false, 'torchvision')]).toEqual([2000, 1000]);
    });

    it('of nothing are nothing', () => {
      const { boxes, scores } = selectProposals([level([], [])], { picture, training: false });
      expect([boxes.length, scores.length]).toEqual([0, 0]);
    });
  });

  describe('properties', () => {
    it('of any anchors lie in the picture and have an area', () =>
      assert(
        property(wildBoxes(), (anchors) => {
          const objectness = [...Array(anchors.length / 4).keys()];
          const { boxes } = selectProposals([level([...anchors], objectness)], { picture: [30, 40], training: true });
          for (let n = 0; n < boxes.length; n += 4) {
            const [x1, y1, x2, y2] = boxes.subarray(n, n + 4) as unknown as [number, number, number, number];
            expect(0 <= x1 && x1 < x2 && x2 <= 40 && 0 <= y1 && y1 < y2 && y2 <= 30).toBe(true);
          }
        }),
      ));
  });
});
