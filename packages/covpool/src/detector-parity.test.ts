import { readFile } from 'node:fs/promises';
import { describeEngines, expectClose } from '@covpool/testing';
import { tensor4d, tidy, transpose } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  backbones,
  createBackbone,
  createDetector,
  type DetectionBatch,
  type Detector,
  detectorKeyLayouts,
  exportState,
  importState,
  type PictureDetections,
  readSafetensors,
  resnet,
  rle,
  type TensorData,
  toFloat32,
} from './index.ts';

// The same depths and widths as in tools/detection-goldens/make_network_goldens.py.
backbones.register(
  'resnet-narrow',
  resnet({ block: 'bottleneck', depths: [1, 1, 1, 1], widths: [4, 4, 8, 8], stem: 'imagenet', summary: '' }),
);

type Tensors = Map<string, TensorData>;

// COVPOOL_DETECTOR_GOLDENS: a folder of full-size goldens, made by the script's --full.
const folder = process.env.COVPOOL_DETECTOR_GOLDENS;
if (folder) vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

interface Case {
  file: string;
  build: () => Detector;
}

const full = (name: 'faster-rcnn' | 'mask-rcnn'): Case => ({
  file: name,
  build: () =>
    createDetector(name, {
      backbone: createBackbone('resnet50'),
      classes: 90,
      conventions: 'torchvision',
      test: { count: 50 },
    }),
});

const everything = 1_000_000;
const narrow: Case = {
  file: 'mask-rcnn-narrow',
  build: () =>
    createDetector('mask-rcnn', {
      backbone: createBackbone('resnet-narrow'),
      classes: 3,
      conventions: 'torchvision',
      neck: { channels: 8 },
      proposals: {
        sample: everything,
        positiveFraction: 1,
        before: { train: 200, test: 300 },
        after: { train: 60, test: 100 },
      },
      boxes: { channels: 16, sample: everything, positiveFraction: 1 },
      masks: { channels: 8 },
      test: { count: 20 },
    }),
};

async function golden(file: string): Promise<Tensors> {
  const path = folder
    ? `${folder}/${file}.safetensors`
    : new URL(`goldens/detectors/${file}.safetensors`, import.meta.url);
  return readSafetensors(await readFile(path)).tensors;
}

const numbers = (tensors: Tensors, name: string): Float32Array => toFloat32(tensors.get(name)!);
const bytes = (tensors: Tensors, name: string): Uint8Array => tensors.get(name)!.data;

function batchOf(tensors: Tensors): DetectionBatch {
  const images = tidy(() => {
    const stored = tensors.get('images')!;
    const shape = stored.shape as [number, number, number, number];
    return transpose(tensor4d(toFloat32(stored), shape), [0, 2, 3, 1]);
  });
  const [height, width, originalHeight, originalWidth] = numbers(tensors, 'sizes') as unknown as number[];
  return {
    images,
    pictures: [{ height: height!, width: width!, originalHeight: originalHeight!, originalWidth: originalWidth! }],
  };
}

const classes = { torchvision: (label: number) => label - 1 };

describeEngines('detectors beside torchvision', (engine) => {
  // The cpu engine needs minutes at full size.
  describe.runIf(!folder || engine !== 'cpu').each(folder ? [full('faster-rcnn'), full('mask-rcnn')] : [narrow])(
    '$file',
    ({ file, build }) => {
      let tensors: Tensors;
      let detector: Detector;
      let layout: string;
      let found: PictureDetections;
      beforeAll(async () => {
        tensors = await golden(file);
        detector = build();
        const state: Tensors = new Map();
        for (const [name, data] of tensors) if (name.startsWith('state.')) state.set(name.slice(6), data);
        layout = importState(detector.model, state, { layouts: detectorKeyLayouts }).layout;
        const batch = batchOf(tensors);
        [found] = (await detector.predict(batch)) as [PictureDetections];
        batch.images.dispose();
      });
      afterAll(() => detector.dispose());

      it('finds the same boxes with the same scores and classes', async () => {
        expect(layout).toBe('torchvision');
        await expectClose(found.scores, numbers(tensors, 'scores'), { relative: 1e-3 });
        await expectClose(found.boxes, numbers(tensors, 'boxes'), { relative: 1e-3 });
        expect([...found.labels]).toEqual(Array.from(numbers(tensors, 'labels'), classes.torchvision));
      });

      it('draws the same masks, but for pixels that PyTorch has within 1e-3 of the threshold', () => {
        const expected = tensors.get('masks');
        expect(found.masks?.length).toBe(expected?.shape[0]);
        if (!expected) return;
        const size = expected.shape[1]! * expected.shape[2]!;
        let ones = 0;
        let wrong = 0;
        for (const [n, mask] of found.masks!.entries()) {
          const pixels = rle.decode(mask, { order: 'row' });
          for (let i = 0; i < size; i++) {
            const value = expected.data[n * size + i]!;
            if (value === 1) ones++;
            if (value !== 2 && value !== pixels[i]) wrong++;
          }
        }
        expect(ones).toBeGreaterThan(100);
        expect(wrong).toBe(0);
      });

      it.runIf(!folder)('has the same losses and running statistics in a step that samples everything', async () => {
        const batch = batchOf(tensors);
        const { height, width } = batch.pictures[0]!;
        const pixels = bytes(tensors, 'target.masks');
        const target = {
          boxes: numbers(tensors, 'target.boxes'),
          labels: Int32Array.from(numbers(tensors, 'target.labels'), classes.torchvision),
          masks: [0, 1, 2].map((n) => pixels.subarray(n * height * width, (n + 1) * height * width)),
        };
        const decisions = await detector.decide({ ...batch, targets: [target] }, { seed: 0 });
        const losses = detector.losses(batch.images, decisions);
        const names = {
          rpnClass: 'loss.loss_objectness',
          rpnBox: 'loss.loss_rpn_box_reg',
          class: 'loss.loss_classifier',
          box: 'loss.loss_box_reg',
          mask: 'loss.loss_mask',
        };
        for (const [ours, theirs] of Object.entries(names)) {
          await expectClose(losses[ours as keyof typeof names]!, numbers(tensors, theirs), { relative: 1e-3 });
        }
        const state = await exportState(detector.model);
        for (const weight of ['running_mean', 'running_var']) {
          const expected = numbers(tensors, `after.backbone.body.bn1.${weight}`);
          await expectClose(toFloat32(state.get(`backbone.bn1.${weight}`)!), expected, { relative: 1e-3 });
        }
      });
    },
  );
});
