import { modelState, type NamedLayer } from '@covpool/core';
import { describeEngines, seededTensor } from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { BoxHead, MaskHead, RpnHead } from './index.ts';

const build = <T extends NamedLayer>(layer: T, shape: number[]): T => {
  layer.apply(seededTensor(shape, 'head'));
  return layer;
};

/** How far the values spread, and how many there are. */
async function spread(
  layer: NamedLayer,
  weight: string,
): Promise<{ deviation: number; largest: number; count: number }> {
  const values = await modelState(layer)
    .find(({ name }) => name === weight)!
    .variable.read()
    .data();
  let squares = 0;
  let largest = 0;
  for (const value of values) {
    squares += value * value;
    largest = Math.max(largest, Math.abs(value));
  }
  return { deviation: Math.sqrt(squares / values.length), largest, count: values.length };
}

async function expectNormal(layer: NamedLayer, weight: string, deviation: number): Promise<void> {
  const found = await spread(layer, weight);
  // Five standard errors of a deviation estimated from so many values.
  expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(5 / Math.sqrt(2 * found.count));
}

describeEngines('heads', () => {
  const rpn = () => build(new RpnHead({ name: 'rpn_head', channels: 32, anchors: 3 }), [1, 4, 5, 32]);
  const boxes = () => build(new BoxHead({ name: 'bbox_head', channels: 64, scores: 21, boxes: 20 }), [2, 3, 3, 16]);
  const masks = () =>
    build(new MaskHead({ name: 'mask_head', convolutions: 2, channels: 32, masks: 20 }), [2, 4, 4, 16]);

  describe('values', () => {
    it('have the anchors of all levels one after the other, row by row, those of a position together', async () => {
      const layer = rpn();
      const [fine, coarse] = [seededTensor([2, 4, 5, 32], 'fine'), seededTensor([2, 2, 3, 32], 'coarse')];
      const [logits, deltas] = layer.apply([fine, coarse]) as Tensor[];
      expect([logits!.shape, deltas!.shape]).toEqual([
        [2, 3 * 26],
        [2, 3 * 26, 4],
      ]);
      const [own, ownDeltas] = layer.apply([coarse]) as Tensor[];
      const [all, each] = [await logits!.data(), await own!.data()];
      expect(all.slice(60, 78)).toEqual(each.slice(0, 18));
      expect((await deltas!.data()).slice(240, 312)).toEqual((await ownDeltas!.data()).slice(0, 72));
    });

    it('have an output for each class, masks of twice the extent', () => {
      const [logits, deltas] = boxes().apply(seededTensor([2, 3, 3, 16], 'x')) as Tensor[];
      expect([logits!.shape, deltas!.shape]).toEqual([
        [2, 21],
        [2, 80],
      ]);
      expect((masks().apply(seededTensor([2, 4, 4, 16], 'x')) as Tensor).shape).toEqual([2, 8, 8, 20]);
    });
  });

  describe('properties', () => {
    it('know their shapes beforehand', () => {
      const levels = [
        [1, 4, 5, 32],
        [1, 2, 3, 32],
      ];
      expect(rpn().computeOutputShape(levels)).toEqual([
        [1, 78],
        [1, 78, 4],
      ]);
      expect(rpn().computeOutputShape([[null, null, null, 32]])).toEqual([
        [null, null],
        [null, null, 4],
      ]);
      expect(masks().computeOutputShape([null, 14, 14, 16])).toEqual([null, 28, 28, 20]);
    });

    it('start as published (spec 3)', async () => {
      for (const part of ['rpn_conv', 'rpn_cls', 'rpn_reg']) await expectNormal(rpn(), `rpn_head.${part}.weight`, 0.01);
      await expectNormal(boxes(), 'bbox_head.fc_cls.weight', 0.01);
      await expectNormal(boxes(), 'bbox_head.fc_reg.weight', 0.001);
      const bound = Math.sqrt(6 / (144 + 64));
      const hidden = await spread(boxes(), 'bbox_head.shared_fcs.0.weight');
      // All 9,216 values below 0.99 of the bound: e^-92.
      expect(hidden.largest).toBeGreaterThan(0.99 * bound);
      expect(hidden.largest).toBeLessThanOrEqual(bound);
      await expectNormal(masks(), 'mask_head.convs.1.conv.weight', Math.sqrt(2 / (9 * 32)));
      await expectNormal(masks(), 'mask_head.upsample.weight', Math.sqrt(2 / (4 * 32)));
      await expectNormal(masks(), 'mask_head.conv_logits.weight', Math.sqrt(2 / 20));
      for (const layer of [rpn(), boxes(), masks()]) {
        for (const { name } of modelState(layer)) {
          if (name.endsWith('.bias')) expect((await spread(layer, name)).largest).toBe(0);
        }
      }
    });
  });
});
