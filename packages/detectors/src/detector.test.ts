import { BatchNorm, Conv2d, withTrainingScope } from '@covpool/core';
import { rle } from '@covpool/masks';
import { describeEngines, expectClose, expectCovpoolError, expectNoLeak } from '@covpool/testing';
import {
  add,
  dispose,
  memory,
  mul,
  type Scalar,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { input, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { boxIou, createDetector, listDetectors, totalLoss } from './index.ts';
import { batchOf, geometry, step, tiny, tinyBackbone, variablesOf } from './tiny-detector.fixture.ts';

const pair = () =>
  batchOf(
    [
      [
        [4, 4, 16, 14],
        [18, 10, 30, 24],
      ],
      [[2, 2, 12, 12]],
    ],
    [32, 40],
  );

const valuesOf = async (losses: object): Promise<Record<string, number>> => {
  const entries = Object.entries(losses) as [string, Scalar][];
  return Object.fromEntries(await Promise.all(entries.map(async ([name, loss]) => [name, (await loss.data())[0]!])));
};

describeEngines('Detector', (engine) => {
  describe('values', () => {
    // The cpu engine needs minutes; on that of TensorFlow's library the same steps settle elsewhere, one box at an IoU of 0.55.
    it.runIf(engine === 'wasm')('learns to find what it was shown, and where', async () => {
      const detector = tiny('mask-rcnn-small');
      const batch = pair();
      const optimizer = train.adam(0.01);
      for (let i = 0; i < 120; i++) {
        const { value, grads } = await step(detector, batch, i);
        optimizer.applyGradients(grads as Record<string, Variable>);
        dispose([value, ...Object.values(grads)]);
      }
      const found = await detector.predict(batch);
      for (const [i, { boxes, labels, scores, masks }] of found.entries()) {
        const target = batch.targets![i]!;
        const ious = boxIou(target.boxes, boxes);
        for (let g = 0; g < target.labels.length; g++) {
          const best = [...scores.keys()].find((n) => labels[n] === target.labels[g])!;
          expect(ious[g * scores.length + best]).toBeGreaterThan(0.6);
          expect(scores[best]).toBeGreaterThan(0.5);
          const truth = rle.encode(target.masks![g]!, 32, 40, { order: 'row' });
          expect(rle.iou([masks![best]!], [truth])[0]).toBeGreaterThan(0.5);
        }
      }
      detector.dispose();
    });

    it('gives boxes and masks in pixels of the file', async () => {
      const detector = tiny('mask-rcnn-small', { test: { minScore: 0.2, count: 5 } });
      const batch = pair();
      const [plain] = await detector.predict(batch);
      const pictures = batch.pictures.map((picture) => ({ ...picture, originalHeight: 64, originalWidth: 120 }));
      const [scaled] = await detector.predict({ ...batch, pictures });
      expect(plain!.scores.length).toBeGreaterThan(0);
      await expectClose(
        scaled!.boxes,
        plain!.boxes.map((corner, i) => corner * (i % 2 === 0 ? 3 : 2)),
      );
      expect(scaled!.masks!.map(({ size }) => [...size])).toEqual(Array.from(scaled!.scores, () => [64, 120]));
      const given = batch.pictures.map((picture) => ({ ...picture, scale: [0.5, 0.25] as const }));
      const [byFactor] = await detector.predict({ ...batch, pictures: given });
      await expectClose(
        byFactor!.boxes,
        plain!.boxes.map((corner, i) => corner / (i % 2 === 0 ? 0.5 : 0.25)),
      );
    });
  });

  describe('properties', () => {
    it.each(listDetectors())('%s is built, trains and predicts', async (name) => {
      const detector = createDetector(name, {
        backbone: tinyBackbone(4),
        classes: 2,
        neck: { channels: 4 },
        boxes: { channels: 8 },
        masks: { channels: 4 },
        proposals: { after: { train: 10, test: 10 } },
      });
      const batch = batchOf([[[2, 2, 20, 20]]], [32, 32]);
      const decisions = await detector.decide(batch, { seed: 0 });
      const losses = await valuesOf(detector.losses(batch.images, decisions));
      expect(Object.keys(losses).sort()).toEqual(
        ['box', 'class', 'rpnBox', 'rpnClass', ...(name.startsWith('mask') ? ['mask'] : [])].sort(),
      );
      for (const loss of Object.values(losses)) expect(loss).toBeGreaterThan(0);
      expect(await detector.predict(batch)).toHaveLength(1);
      detector.dispose();
    });

    it.each(['mmdet2', 'mmdet1', 'torchvision'] as const)(
      '%s: trains and predicts by its conventions',
      async (conventions) => {
        const detector = tiny('mask-rcnn-small', { conventions, test: { minScore: 0 } });
        const batch = pair();
        const { value, decisions } = await step(detector, batch);
        expect((await value.data())[0]).toBeGreaterThan(0);
        const background = conventions === 'mmdet2' ? 2 : 0;
        const { indices } = decisions.positives;
        for (const [n, label] of decisions.labels.entries()) expect(label === background).toBe(!indices.includes(n));
        const [{ labels, boxes, scores }] = (await detector.predict(batch)) as [
          { labels: Int32Array; boxes: Float32Array; scores: Float32Array },
        ];
        expect(scores.length).toBeGreaterThan(0);
        for (const label of labels) expect([0, 1]).toContain(label);
        expect(boxes.every((corner, i) => corner >= 0 && corner <= (i % 2 === 0 ? 40 : 32))).toBe(true);
      },
    );

    it('decides the same from the same seed, and otherwise from another', async () => {
      const detector = tiny('mask-rcnn-small', { proposals: { sample: 8 } });
      const batch = pair();
      const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => detector.decide(batch, { seed })));
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
    });

    it('samples no more anchors and boxes than it was told, and every truth among the boxes', async () => {
      const detector = tiny('mask-rcnn-small');
      const batch = pair();
      const { anchors, rois, labels, positives } = await detector.decide(batch, { seed: 0 });
      for (const picture of [0, 1]) {
        const count = [...anchors.positives, ...anchors.negatives].filter((n) => n >= 300 === (picture === 1)).length;
        expect(count).toBeLessThanOrEqual(32);
        expect(rois.pictures.filter((p) => p === picture).length).toBeLessThanOrEqual(32);
      }
      expect(labels).toHaveLength(rois.pictures.length);
      const own = [...positives.indices].map((n) => [...rois.boxes.subarray(4 * n, 4 * n + 4)].join());
      for (const { boxes } of batch.targets!) {
        for (let at = 0; at < boxes.length; at += 4) expect(own).toContain([...boxes.subarray(at, at + 4)].join());
      }
    });

    it.each([
      [1, 1],
      [3, 70],
      [33, 65],
      [100, 20],
    ])('takes pictures of %d×%d, in larger tensors too', async (height, width) => {
      const detector = tiny('mask-rcnn-small', { test: { minScore: 0 } });
      const batch = batchOf([[[0, 0, width, height]], []], [height + 7, width + 5]);
      const pictures = batch.pictures.map(() => geometry(height, width));
      const targets = batch.targets!.map(({ boxes, labels }) => ({
        boxes,
        labels,
        masks: Array.from(labels, () => new Uint8Array(height * width).fill(1)),
      }));
      const { value } = await step(detector, { ...batch, pictures, targets });
      expect(Number.isFinite((await value.data())[0])).toBe(true);
      for (const { boxes, masks } of await detector.predict({ ...batch, pictures })) {
        expect(boxes.every((corner, i) => corner >= 0 && corner <= (i % 2 === 0 ? width : height))).toBe(true);
        for (const mask of masks!) expect([...mask.size]).toEqual([height, width]);
      }
    });

    it('trains no anchors where a larger picture of the batch alone has pixels', async () => {
      const detector = tiny('faster-rcnn-small', { proposals: { sample: 400 } });
      const batch = batchOf([[], [[2, 2, 20, 20]]], [64, 64]);
      const pictures = [geometry(20, 30), geometry(64, 64)];
      const { anchors } = await detector.decide({ ...batch, pictures }, { seed: 0 });
      // Strides 4 and 8, three ratios: 64×64 has (16² + 8²)·3 anchors, of which the first picture's padding to 32×32 leaves a quarter.
      const total = (16 * 16 + 8 * 8) * 3;
      const sampled = [...anchors.positives, ...anchors.negatives].filter((n) => n < total);
      expect(sampled).toHaveLength(total / 4);
      for (const n of sampled.filter((anchor) => anchor < 16 * 16 * 3)) {
        expect([Math.floor(n / 48) < 8, Math.floor((n % 48) / 3) < 8]).toEqual([true, true]);
      }
    });

    it('takes pictures with nothing in them: only background is learnt', async () => {
      const detector = tiny('mask-rcnn-small');
      const batch = batchOf([[], []], [32, 32]);
      const { value, decisions } = await step(detector, batch);
      expect(Number.isFinite((await value.data())[0])).toBe(true);
      expect(decisions.positives.indices).toHaveLength(0);
      expect(await valuesOf(detector.losses(batch.images, decisions))).toMatchObject({ rpnBox: 0, box: 0, mask: 0 });
    });

    it.each([1, 2000])(
      'takes %d objects, the same one several times, and some that reach over the edge',
      async (count) => {
        const detector = tiny('mask-rcnn-small');
        const many = Array.from({ length: count }, (_, i) => [
          (i % 20) * 2 - 6,
          (i % 15) * 2 - 5,
          (i % 20) * 2 + 4,
          (i % 15) * 2 + 9,
        ]);
        const batch = batchOf([many], [32, 40]);
        const { value } = await step(detector, batch);
        expect(Number.isFinite((await value.data())[0])).toBe(true);
      },
    );

    it('finds nothing where nothing counts', async () => {
      const detector = tiny('mask-rcnn-small', { test: { minScore: 0.999 } });
      const [found] = await detector.predict(batchOf([[]], [32, 32]));
      expect(found).toEqual({
        boxes: new Float32Array(0),
        scores: new Float32Array(0),
        labels: new Int32Array(0),
        masks: [],
      });
    });

    it('moves running statistics in the pass of the losses alone', async () => {
      const pictures = input({ shape: [null, null, 3] });
      const normalised = new BatchNorm({ name: 'bn1' }).apply(
        new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, strides: 4, padding: 1 }).apply(pictures),
      ) as SymbolicTensor;
      const backbone = {
        model: model({ inputs: pictures, outputs: normalised }),
        specs: { c2: { channels: 4, stride: 4 } },
      };
      const detector = createDetector('faster-rcnn-small', { backbone, classes: 1 });
      const batch = batchOf([[[4, 4, 16, 14]]], [32, 40]);
      const mean = async () => [
        ...(await detector.model.weights
          .find(({ name }) => name.includes('running_mean'))!
          .read()
          .data()),
      ];
      const decisions = await detector.decide(batch, { seed: 0 });
      expect(await mean()).toEqual([0, 0, 0, 0]);
      const scope = { seed: 0, step: 0, shard: 0, updates: [] };
      withTrainingScope(scope, () => detector.losses(batch.images, decisions));
      expect(scope.updates).toHaveLength(2);
      detector.losses(batch.images, decisions);
      expect(await mean()).not.toEqual([0, 0, 0, 0]);
    });
  });

  describe('gradient', () => {
    it.each(['faster-rcnn-small', 'mask-rcnn-small'] as const)('%s has one for every weight', async (name) => {
      const detector = tiny(name);
      const { value, grads } = await step(detector, pair());
      expect(Number.isFinite((await value.data())[0])).toBe(true);
      expect(Object.keys(grads)).toHaveLength(detector.model.trainableWeights.length);
      for (const gradient of Object.values(grads)) {
        expect(Math.max(...Array.from(await gradient.data(), Math.abs))).toBeGreaterThan(0);
      }
    });

    it('is the slope of the loss along itself', async () => {
      const detector = tiny('mask-rcnn-small');
      const batch = pair();
      const decisions = await detector.decide(batch, { seed: 1 });
      const loss = () => totalLoss(detector.losses(batch.images, decisions)) as Scalar;
      const { grads } = variableGrads(loss, variablesOf(detector));
      let slope = 0;
      for (const gradient of Object.values(grads)) for (const value of await gradient.data()) slope += value * value;
      // A float32 loss of about 3 has steps of 2e-7; the differences below are about 1e-2.
      const reach = 5e-3 / slope;
      const move = (by: number) => {
        for (const variable of variablesOf(detector)) {
          tidy(() => variable.assign(add(variable, mul(grads[variable.name]!, by))));
        }
      };
      move(reach);
      const [above] = await loss().data();
      move(-2 * reach);
      const [below] = await loss().data();
      expect((above! - below!) / (2 * reach * slope)).toBeCloseTo(1, 1);
    });
  });

  describe('rejects', () => {
    const detector = () => tiny('mask-rcnn-small');

    it('targets that no network could learn, naming picture and box', async () => {
      const net = detector();
      const batch = pair();
      const refused = (target: object, message: RegExp) =>
        expectCovpoolError(
          () =>
            net.decide({ ...batch, targets: [batch.targets![0]!, { ...batch.targets![1]!, ...target }] }, { seed: 0 }),
          'bad-argument',
          message,
        );
      await refused({ labels: Int32Array.of(2) }, /labels must be from 0 to 1, got 2 for box 0 of picture 1/);
      await refused(
        { boxes: Float32Array.of(3, 3, 3, 9) },
        /must have an area, got \[3,3,3,9\] for box 0 of picture 1/,
      );
      await refused({ boxes: Float32Array.of(3, NaN, 9, 9) }, /must have an area/);
      await refused({ labels: Int32Array.of(0, 1) }, /picture 1 must have a label per box, got 1 boxes and 2/);
      await refused({ masks: [] }, /picture 1 must have a mask of 32×40 per box/);
      await expectCovpoolError(
        () => net.decide({ ...batch, targets: undefined }, { seed: 0 }),
        'bad-argument',
        /targets are required/,
      );
    });

    it('batches that do not fit together', async () => {
      const batch = pair();
      const one = { ...batch, pictures: batch.pictures.slice(1) };
      await expectCovpoolError(
        () => detector().predict(one),
        'bad-argument',
        /a picture for each, got \[2,32,40,3\] and 1/,
      );
      const large = { ...batch, pictures: batch.pictures.map(() => geometry(33, 40)) };
      await expectCovpoolError(
        () => detector().predict(large),
        'bad-argument',
        /picture 0 of 33×40 must fit into \[32,40\]/,
      );
    });

    it('unknown names and settings, listing what there is', async () => {
      const backbone = tinyBackbone();
      const build = (name: string, options: object) => () => createDetector(name, { backbone, classes: 1, ...options });
      await expectCovpoolError(
        build('yolo', {}),
        'bad-argument',
        /unknown detector 'yolo'; known: faster-rcnn, faster-rcnn-small, mask-rcnn/,
      );
      await expectCovpoolError(
        build('mask-rcnn', { head: {} }),
        'bad-argument',
        /unknown setting 'head'; known: anchors/,
      );
      await expectCovpoolError(
        build('mask-rcnn', { boxes: { width: 1 } }),
        'bad-argument',
        /setting of boxes 'width'; known: channels/,
      );
      await expectCovpoolError(
        build('mask-rcnn', { conventions: 'mmdet3' }),
        'bad-argument',
        /unknown conventions 'mmdet3'/,
      );
      await expectCovpoolError(build('mask-rcnn', { classes: 0 }), 'bad-argument', /positive whole number, got 0/);
      const uneven = { ...backbone, specs: { c2: { channels: 8, stride: 4 }, c3: { channels: 8, stride: 16 } } };
      await expectCovpoolError(
        build('mask-rcnn', { backbone: uneven }),
        'bad-argument',
        /twice the stride of the one before, got 4,16/,
      );
    });
  });

  describe('memory', () => {
    it('leaks nothing in steps and predictions, and gives its weights back', async () => {
      const before = memory().numTensors;
      const detector = tiny('mask-rcnn-small', { test: { minScore: 0 } });
      const batch = pair();
      await expectNoLeak(async () => {
        const { value, grads } = await step(detector, batch);
        dispose([value, ...Object.values(grads)]);
        await detector.predict(batch);
      });
      batch.images.dispose();
      detector.dispose();
      expect(memory().numTensors).toBe(before);
    });
  });
});
