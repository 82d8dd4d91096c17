import { Random } from '@covpool/base';
import { Activation, Conv2d, withSeed } from '@covpool/core';
import { type Scalar, tensor4d, type Variable, variableGrads } from '@tensorflow/tfjs-core';
import { input, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { createDetector } from './create-detector.ts';
import type { DetectionBatch } from './detection-batch.ts';
import type { Detector } from './detector.ts';
import { totalLoss } from './detector-losses.ts';
import type { Backbone } from './detector-network.ts';

/** Two convolutions; levels of strides 4 and 8. */
export function tinyBackbone(channels = 8, seed = 0): Backbone {
  return withSeed(seed, () => {
    const pictures = input({ shape: [null, null, 3], name: 'pictures' });
    const convolve = (x: SymbolicTensor, name: string, strides: number) => {
      const y = new Conv2d({ name, filters: channels, kernelSize: 3, padding: 1, strides, bias: true }).apply(x);
      return new Activation({ name: `${name}.relu`, activation: 'relu' }).apply(y) as SymbolicTensor;
    };
    const c2 = convolve(convolve(pictures, 'conv1', 2), 'conv2', 2);
    const c3 = convolve(c2, 'conv3', 2);
    const specs = { c2: { channels, stride: 4 }, c3: { channels, stride: 8 } };
    return { model: model({ inputs: pictures, outputs: [c2, c3] }), specs };
  });
}

const changes = {
  neck: { channels: 8 },
  anchors: { scale: 2 },
  boxes: { channels: 16, sample: 32, size: 3 },
  masks: { size: 4, convolutions: 1, channels: 8 },
  proposals: { sample: 32, before: { train: 40, test: 40 }, after: { train: 20, test: 20 } },
};

export const tiny = (name: 'faster-rcnn-small' | 'mask-rcnn-small', options: object = {}): Detector =>
  createDetector(name, { backbone: tinyBackbone(), classes: 2, seed: 3, ...changes, ...options });

export const geometry = (height: number, width: number) => ({
  height,
  width,
  originalHeight: height,
  originalWidth: width,
});

/** Rectangles on a dark ground, in turn of the first class and the first colour, of the second class and the second colour. */
export function batchOf(boxes: number[][][], [height, width]: [number, number], seed = 0): DetectionBatch {
  const random = new Random('rectangles', seed);
  const values = new Float32Array(boxes.length * height * width * 3).map(() => random.normal(0, 0.1));
  const targets = boxes.map((own, b) => {
    const masks = own.map(([x1, y1, x2, y2], n) => {
      const mask = new Uint8Array(height * width);
      for (let y = Math.max(y1!, 0); y < Math.min(y2!, height); y++) {
        for (let x = Math.max(x1!, 0); x < Math.min(x2!, width); x++) {
          mask[y * width + x] = 1;
          for (let c = 0; c < 3; c++) values[((b * height + y) * width + x) * 3 + c]! += c === n % 2 ? 3 : 0;
        }
      }
      return mask;
    });
    return { boxes: Float32Array.from(own.flat()), labels: Int32Array.from(own, (_, i) => i % 2), masks };
  });
  const images = tensor4d(values, [boxes.length, height, width, 3]);
  return { images, pictures: boxes.map(() => geometry(height, width)), targets };
}

export const variablesOf = (detector: Detector): Variable[] =>
  detector.model.trainableWeights.map((weight) => weight.read() as Variable);

export async function step(detector: Detector, batch: DetectionBatch, seed = 1) {
  const decisions = await detector.decide(batch, { seed });
  const { value, grads } = variableGrads(
    () => totalLoss(detector.losses(batch.images, decisions)) as Scalar,
    variablesOf(detector),
  );
  return { decisions, value, grads };
}
