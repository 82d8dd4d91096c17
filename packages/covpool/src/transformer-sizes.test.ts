import { SeededInitializer } from '@covpool/core';
import { useEngine } from '@covpool/engines';
import { zeros } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createModel,
  describe as describeModel,
  modelState,
  type ModelDescription,
  type ModelOptions,
} from './index.ts';

function described(name: string, options?: ModelOptions): ModelDescription {
  const net = createModel(name, options);
  const description = describeModel(net);
  net.dispose();
  return description;
}

const giga = (count: number): string => (count / 1e9).toFixed(3);

describe('transformers of the published tables', () => {
  // Counting needs no values.
  beforeAll(async () => {
    await useEngine('cpu');
    vi.spyOn(SeededInitializer.prototype, 'apply').mockImplementation((shape) => zeros(shape as number[]));
  });
  afterAll(() => vi.restoreAllMocks());

  it.each([
    ['deit-tiny', 5_717_416, '1.075'],
    ['deit-small', 22_050_664, '4.241'],
    ['deit-base', 86_567_656, '16.849'],
  ])('%s has %d parameters and %s G multiply-adds (spec backbones 7.4)', (name, parameters, multiplyAdds) => {
    const found = described(name);
    // 16.8485 G rounds down here and up there: within 0.1 % as everywhere.
    expect(Math.abs(found.multiplyAdds / (1e9 * Number(multiplyAdds)) - 1)).toBeLessThan(0.001);
    expect(found).toMatchObject({ parameters, buffers: 0, inputShape: [1, 224, 224, 3] });
  });

  it.each([
    ['swin-tiny', 28_288_354, '3.386', '4.350'],
    ['swin-small', 49_606_258, '6.507', '8.512'],
    ['swin-base', 87_768_224, '11.562', '15.126'],
  ])(
    '%s has %d parameters; %s G multiply-adds with the maps inside of attention counted for one window (spec backbones 7.4), %s G in all',
    (name, parameters, oneWindow, all) => {
      const { layers, ...found } = described(name);
      expect(found.parameters).toBe(parameters);
      expect(giga(found.multiplyAdds)).toBe(all);
      const counted = layers.reduce((total, { name: layer, multiplyAdds, outputShape }) => {
        const windows = /attn\.(qkv|proj)$/.test(layer) ? (outputShape[1]! / 7) ** 2 : 1;
        return total + multiplyAdds / windows;
      }, 0);
      expect(Math.abs(counted / (1e9 * Number(oneWindow)) - 1)).toBeLessThan(0.001);
    },
  );

  it.each([
    ['deit-drop-tiny', 8_010_128, 240, undefined],
    ['deit-drop-small', 25_593_008, 384, 5.5],
    ['deit-drop-base', 93_728_432, 768, undefined],
    ['t2t-vit-drop-14', 25_005_488, 384, 5.4],
  ])(
    '%s has %d trained parameters and fixed positions of %d channels (spec backbones 7.3, 8.9)',
    (name, parameters, width, published) => {
      const found = described(name);
      expect(found.parameters).toBe(parameters);
      const positions = found.layers.find((layer) => layer.name === 'pos_embed')!;
      expect(positions).toMatchObject({ parameters: 0, buffers: 197 * width, outputShape: [1, 197, width] });
      if (published !== undefined) expect((found.multiplyAdds / 1e9).toFixed(1)).toBe(published.toFixed(1));
    },
  );

  it('Deit_drop_Small has 75,648 fixed position entries (spec backbones 8.9)', () => {
    const positions = described('deit-drop-small').layers.find(({ name }) => name === 'pos_embed')!;
    expect(positions.buffers).toBe(75_648);
  });

  it.each(['t2t-vit-14', 't2t-vit-t-14'])('%s has the 21.5 M parameters that its authors publish', (name) => {
    expect((described(name).parameters / 1e6).toFixed(1)).toBe('21.5');
  });

  it('deit-small has 152 tensors (spec backbones 7.4)', () => {
    const net = createModel('deit-small');
    expect(modelState(net)).toHaveLength(152);
    net.dispose();
  });

  it.each([
    ['deit-small', 'patches', [1, 14, 14, 384]],
    ['deit-drop-small', 'patches', [1, 14, 14, 384]],
    ['t2t-vit-14', 'patches', [1, 14, 14, 384]],
    ['swin-tiny', 'norm', [1, 7, 7, 768]],
  ])('%s pools %s of %j (spec backbones 7)', (name, layer, shape) => {
    expect(described(name, { pooling: 'gap' }).layers.find((found) => found.name === layer)!.outputShape).toEqual(
      shape,
    );
  });

  it.each([
    ['deit-tiny', []],
    ['deit-small', [256]],
    ['swin-tiny', [256]],
  ])('%s reduces its tokens to %j channels in front of a second-order pooling (spec backbones 7.4)', (name, reduce) => {
    const net = createModel(name, { classes: 1, pooling: 'isqrt' });
    expect(net.getLayer('pool').getConfig()).toMatchObject({ reduce });
    net.dispose();
  });
});
