import { modelState, PoolingLayer, poolings, SeededInitializer } from '@covpool/core';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, type Tensor2D, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBackbone, createModel, describe as describeModel } from './index.ts';

/** As long as the triangle of a covariance. */
class Triangle extends PoolingLayer {
  static className = 'test/Triangle';

  protected override descriptorLength(channels: number): number {
    return (channels * (channels + 1)) / 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return zeros([features.shape[0], this.descriptorLength(features.shape[2])]);
  }
}

poolings.register('test-triangle', {
  create: (config) => new Triangle(config),
  options: [],
  summary: '',
  paper: '',
  layer: '',
  gradient: 'automatic',
  engines: 'all',
});

interface Counted {
  parameters: number;
  multiplyAdds: number;
  /** The last feature map's side. */
  side: number;
}

function counted(name: string, dim?: number): Counted {
  const net = createModel(name, dim === undefined ? {} : { pooling: { name: 'test-triangle', dim } });
  const { parameters, multiplyAdds, layers } = describeModel(net);
  const side = layers.findLast(({ outputShape }) => outputShape.length === 4)!.outputShape[1]!;
  net.dispose();
  return { parameters, multiplyAdds, side };
}

describe('networks of the published tables', () => {
  // Counting needs no values, and normal ones for a billion weights take minutes.
  beforeAll(async () => {
    await setBackend('cpu');
    vi.spyOn(SeededInitializer.prototype, 'apply').mockImplementation((shape) => zeros(shape as number[]));
  });
  afterAll(() => vi.restoreAllMocks());

  it.each([
    ['resnet18', 11_689_512, 1_814_073_344],
    ['resnet34', 21_797_672, 3_663_761_408],
    ['resnet50', 25_557_032, 4_089_184_256],
    ['resnet101', 44_549_160, 7_801_405_440],
    ['mobilenetv2', 3_504_872, 300_774_272],
    ['shufflenetv2-x0.5', 1_366_792, 40_476_448],
    ['shufflenetv2-x1.0', 2_278_604, 144_907_992],
    ['shufflenetv2-x1.5', 3_503_624, 295_759_392],
    ['shufflenetv2-x2.0', 7_393_996, 583_253_464],
  ])('%s has %d parameters, %d multiply-adds, a last map of 7×7 (spec 5)', (name, parameters, multiplyAdds) => {
    expect(counted(name)).toEqual({ parameters, multiplyAdds, side: 7 });
  });

  it('resnet152 has 60,192,808 parameters and 11.514 G multiply-adds (spec 5)', () => {
    const { parameters, multiplyAdds } = counted('resnet152');
    expect(parameters).toBe(60_192_808);
    expect((multiplyAdds / 1e9).toFixed(3)).toBe('11.514');
  });

  it('alexnet has 61,100,840 parameters (spec 5), VGG-16 those of torchvision', () => {
    expect(counted('alexnet').parameters).toBe(61_100_840);
    expect(counted('vgg16').parameters).toBe(138_357_544);
    expect(counted('vgg16-bn').parameters).toBe(138_365_992);
  });

  it.each([
    ['resnet18', 256, 44_205_096, '3.105', 14],
    ['resnet18', 160, 24_139_752, '3.076', 14],
    ['resnet18', 128, 19_499_304, '3.068', 14],
    ['resnet34', 256, 54_313_256, '5.649', 14],
    ['resnet34', 160, 34_247_912, '5.619', 14],
    ['resnet34', 128, 29_607_464, '5.611', 14],
    ['resnet50', 256, 56_929_832, '6.342', 14],
    ['resnet50', 160, 36_717_032, '6.284', 14],
    ['resnet50', 128, 32_027_432, '6.266', 14],
    ['resnet101', 256, 75_921_960, '10.054', 14],
    ['resnet101', 160, 55_709_160, '9.996', 14],
    ['resnet101', 128, 51_019_560, '9.978', 14],
    ['resnet152', 256, 91_565_608, '13.767', 14],
    ['mobilenetv2', 256, 35_449_064, '0.348', 7],
    ['mobilenetv2', 128, 10_644_968, '0.316', 7],
    ['shufflenetv2-x0.5', 256, 33_501_448, '0.085', 7],
    ['shufflenetv2-x1.0', 256, 34_413_260, '0.190', 7],
    ['shufflenetv2-x1.5', 256, 35_638_280, '0.340', 7],
    ['shufflenetv2-x2.0', 256, 38_766_796, '0.640', 7],
  ])(
    '%s with %d channels pooled has %d parameters, %s G multiply-adds (spec 5)',
    (name, dim, parameters, giga, side) => {
      const found = counted(name, dim);
      expect({ ...found, multiplyAdds: (found.multiplyAdds / 1e9).toFixed(3) }).toEqual({
        parameters,
        multiplyAdds: giga,
        side,
      });
    },
  );

  it.each([
    ['mobilenetv2', 348_446_592],
    ['shufflenetv2-x0.5', 85_193_504],
    ['shufflenetv2-x1.0', 189_625_048],
    ['shufflenetv2-x1.5', 340_476_448],
    ['shufflenetv2-x2.0', 639_791_576],
  ])('%s has %d multiply-adds with 256 channels pooled (spec 5)', (name, multiplyAdds) => {
    expect(counted(name, 256).multiplyAdds).toBe(multiplyAdds);
  });

  it.each([
    // Those of PyTorch less one counter of batches for each normalisation.
    ['resnet18', 122 - 20],
    ['resnet50', 320 - 53],
    ['mobilenetv2', 314 - 52],
    ['shufflenetv2-x1.0', 338 - 56],
  ])('%s has %d tensors (spec 6.1)', (name, tensors) => {
    const net = createModel(name);
    expect(modelState(net)).toHaveLength(tensors);
    net.dispose();
  });

  it.each([
    [224, undefined, [56, 28, 14, 7]],
    [224, 1, [56, 28, 14, 14]],
    [225, undefined, [57, 29, 15, 8]],
    [225, 1, [57, 29, 15, 15]],
  ])('stages of ResNet at %d pixels, last stride %s, have sides %j (spec 8.1)', (inputSize, lastStride, sides) => {
    const { model: trunk } = createBackbone('resnet18', { lastStride });
    const { layers } = describeModel(trunk, { inputSize });
    const side = (name: string) => layers.find((layer) => layer.name === name)!.outputShape[1];
    expect([1, 2, 3, 4].map((stage) => side(`layer${stage}.1.relu`))).toEqual(sides);
    expect(side('relu')).toBe(Math.ceil(inputSize / 2));
    trunk.dispose();
  });

  it.each([
    ['resnet50', 256, 'relu'],
    ['mobilenetv2', 256, 'relu6'],
    ['shufflenetv2-x1.0', 256, 'relu6'],
    ['vgg16-bn', 256, 'relu'],
    ['preact-resnet164', 128, 'relu'],
  ])(
    '%s reduces to %d channels with %s in front of a second-order pooling alone (spec 2 to 4)',
    (name, dim, activation) => {
      const configOf = (options: object) => {
        const net = createModel(name, { classes: 1, ...options });
        const config = net.getLayer('pool').getConfig();
        net.dispose();
        return config;
      };
      expect(configOf({ pooling: 'test-triangle' })).toMatchObject({ reduce: [dim], activation });
      expect(configOf({ pooling: { name: 'test-triangle', dim: 8 } })).toMatchObject({ reduce: [8], activation });
      expect(configOf({ pooling: { name: 'gap' } })).toMatchObject({ reduce: [], activation });
    },
  );

  it('reduces nothing of AlexNet, nor where none is asked for', () => {
    for (const [name, pooling] of [
      ['alexnet', 'test-triangle'],
      ['mobilenetv2-small', { name: 'test-triangle', reduce: [] }],
    ] as const) {
      const net = createModel(name, { classes: 1, pooling: pooling as string });
      expect(net.getLayer('pool').getConfig().reduce).toEqual([]);
      net.dispose();
    }
  });
});
