import { seededTensor } from '@covpool/testing';
import { getBackend, getKernel, oneHot, range, reshape, type Tensor, tidy, train } from '@tensorflow/tfjs-core';
import { input, layers, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { NetworkCase } from './cases.ts';
import { publishedIsqrt, upperTriangle } from './operations.ts';

// The networks as a user of TensorFlow.js writes and trains them, with its own layers and nothing of ours.

const CLASSES = 1000;
const GCP_CHANNELS = 256;
const blocks = { resnet18: [2, 2, 2, 2], resnet50: [3, 4, 6, 3] };

/** The published form of iSQRT-COV on features [B,H,W,d], and the upper triangle of the root. */
class IsqrtHead extends layers.Layer {
  static className = 'IsqrtHead';

  override computeOutputShape(): [null, number] {
    return [null, (GCP_CHANNELS * (GCP_CHANNELS + 1)) / 2];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const features = [inputs].flat()[0]!;
      const [batch, height, width, d] = features.shape as [number, number, number, number];
      return upperTriangle(publishedIsqrt(reshape(features, [batch, height * width, d])));
    });
  }
}

function convolution(x: SymbolicTensor, filters: number, kernelSize: number, strides = 1): SymbolicTensor {
  const given = { filters, kernelSize, strides, padding: 'same', useBias: false } as const;
  const features = layers.conv2d({ ...given, kernelInitializer: 'heNormal' }).apply(x);
  return layers.batchNormalization().apply(features) as SymbolicTensor;
}

const relu = (x: SymbolicTensor): SymbolicTensor => layers.reLU().apply(x) as SymbolicTensor;

function residual(x: SymbolicTensor, network: NetworkCase['network'], width: number, strides: number): SymbolicTensor {
  const basic = network === 'resnet18';
  const channels = basic ? width : 4 * width;
  const branch = basic
    ? convolution(relu(convolution(x, width, 3, strides)), width, 3)
    : convolution(relu(convolution(relu(convolution(x, width, 1)), width, 3, strides)), channels, 1);
  const same = strides === 1 && x.shape.at(-1) === channels;
  const shortcut = same ? x : convolution(x, channels, 1, strides);
  return relu(layers.add().apply([branch, shortcut]) as SymbolicTensor);
}

function plainNetwork({ network, pool, side }: NetworkCase): LayersModel {
  const pictures = input({ shape: [side, side, 3] });
  let x = relu(convolution(pictures, 64, 7, 2));
  x = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(x) as SymbolicTensor;
  for (const [stage, count] of blocks[network].entries()) {
    const strides = stage === 0 || (stage === 3 && pool === 'isqrt') ? 1 : 2;
    for (let i = 0; i < count; i++) x = residual(x, network, 64 * 2 ** stage, i === 0 ? strides : 1);
  }
  const pooled =
    pool === 'gap'
      ? layers.globalAveragePooling2d({}).apply(x)
      : new IsqrtHead({}).apply(relu(convolution(x, GCP_CHANNELS, 1)));
  const outputs = layers.dense({ units: CLASSES, activation: 'softmax' }).apply(pooled) as SymbolicTensor;
  return model({ inputs: pictures, outputs });
}

const pictures = ({ batch, side }: NetworkCase): Tensor => seededTensor([batch, side, side, 3], 'pictures');

/** Why the engine of TensorFlow.js, as it is released, cannot train a network. */
export const noTraining = (): string | undefined =>
  getKernel('Conv2DBackpropFilter', getBackend())
    ? undefined
    : `plain TensorFlow.js has no gradient of a convolution on ${getBackend()}`;

/** Class probabilities of a batch. */
export function plainForwardWork(work: NetworkCase): () => Tensor {
  const net = plainNetwork(work);
  const x = pictures(work);
  return () => net.predict(x, { batchSize: work.batch }) as Tensor;
}

/** Training steps by `trainOnBatch`, on the same batch over and over: wall times of each, in milliseconds. */
export function plainStepWork(work: NetworkCase): (steps: number) => Promise<number[]> {
  const net = plainNetwork(work);
  net.compile({ optimizer: train.momentum(1e-3, 0.9), loss: 'categoricalCrossentropy' });
  const x = pictures(work);
  const y = tidy(() => oneHot(range(0, work.batch, 1, 'int32'), CLASSES));
  return async (steps) => {
    const times: number[] = [];
    for (let step = 0; step < steps; step++) {
      const start = performance.now();
      await net.trainOnBatch(x, y);
      times.push(performance.now() - start);
    }
    return times;
  };
}
