import { attentions, NamedLayer, onlyInput } from '@covpool/core';
import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { mul, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { backbones, imagenetPreprocessing } from './backbone-registry.ts';
import { createBackbone, createModel, type ModelOptions } from './create-model.ts';
import './resnet.ts';

/** Multiplies by a factor. */
class Factor extends NamedLayer {
  static className = 'test/Factor';

  constructor(readonly options: { name?: string; factor?: number; strides?: number }) {
    super({ name: options.name });
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return mul(onlyInput(inputs), this.options.factor ?? 1);
  }
}

const entry = { summary: '', paper: '', layer: '', gradient: 'automatic', engines: 'all' } as const;
const create = (options: object): Factor => new Factor(options);
attentions.register('test-factor', { ...entry, create, options: ['factor'] });
attentions.register('test-strided', { ...entry, create, options: ['factor', 'strides'] });

const factors = (net: LayersModel): Factor[] =>
  net.layers.filter((layer): layer is Factor & layers.Layer => layer instanceof Factor);

/** The layers before and after one. */
const neighbours = ({ inboundNodes, outboundNodes }: Factor): string[] =>
  [...inboundNodes[0]!.inboundLayers, ...outboundNodes.map((node) => node.outboundLayer)].map(({ name }) => name);

/** What the attentions of a network are asked for; the network is disposed of. */
function inserted(attention: ModelOptions['attention']): Factor['options'][] {
  const { model: trunk } = createBackbone('resnet8', { attention });
  const found = factors(trunk).map(({ options }) => options);
  trunk.dispose();
  return found;
}

describeEngines('attentions in backbones', () => {
  describe('values', () => {
    it('stand in the last block of each stage, after its last normalisation, before the addition (spec 7.1, 7.2)', () => {
      const { model: trunk, specs } = createBackbone('resnet18', { attention: 'test-factor' });
      expect(factors(trunk).map(({ name }) => name)).toEqual(['layer1.1', 'layer2.1', 'layer3.1', 'layer4.1']);
      for (const layer of factors(trunk)) expect(neighbours(layer)).toEqual([`${layer.name}.bn2`, `${layer.name}.add`]);
      // The last stage is at stride 16, as below second-order pooling.
      expect(Object.values(specs).map(({ stride }) => stride)).toEqual([4, 8, 16, 16]);
      trunk.dispose();
    });

    it('stand in chosen stages alone', () => {
      const names = (stages?: number[]) => inserted({ name: 'test-factor', stages }).map(({ name }) => name);
      expect(names()).toEqual(['layer1.0', 'layer2.0', 'layer3.0']);
      expect(names([3, 1])).toEqual(['layer1.0', 'layer3.0']);
      expect(names([])).toEqual([]);
    });

    it('have a stride of 2 in the first stage, unless told otherwise (spec 7.1)', () => {
      const strides = (options: object) => inserted({ name: 'test-strided', ...options }).map((asked) => asked.strides);
      expect(strides({})).toEqual([2, undefined, undefined]);
      expect(strides({ strides: 3 })).toEqual([3, 3, 3]);
      expect(strides({ stages: [2] })).toEqual([undefined]);
    });

    it('have the options of a backbone by default, which those of the call replace', () => {
      const asked: number[] = [];
      backbones.register('test-net', {
        summary: '',
        preprocessing: imagenetPreprocessing(8),
        stages: 1,
        defaults: { attention: { name: 'test-factor', factor: 3 }, pooling: { name: 'gap', dim: 5 } },
        defaultLastStride: (secondOrder) => (secondOrder ? 1 : 2),
        build(input, { lastStride, attend }) {
          asked.push(lastStride);
          return [{ features: attend(input, { block: 'block', stage: 1 }), spec: { channels: 3, stride: 1 } }];
        },
      });
      const nets = [
        createModel('test-net', { classes: 2 }),
        createModel('test-net', {
          classes: 2,
          attention: { name: 'test-factor', factor: 4 },
          pooling: 'gap',
          lastStride: 7,
        }),
      ];
      expect(nets.flatMap(factors).map(({ options }) => options.factor)).toEqual([3, 4]);
      expect(nets.map((net) => net.getLayer('pool').outputShape)).toEqual([
        [null, 5],
        [null, 3],
      ]);
      expect(asked).toEqual([1, 7]);
      for (const net of nets) net.dispose();
    });

    it('of a factor 1 change nothing, of 0 change what follows', async () => {
      const pictures = seededTensor([1, 16, 16, 3], 'pictures');
      const outputs = async (attention?: ModelOptions['attention']) => {
        const { model: trunk } = createBackbone('resnet8', { seed: 1, attention });
        const stages = await Promise.all((trunk.predict(pictures) as Tensor[]).map(async (c) => [...(await c.data())]));
        trunk.dispose();
        return stages;
      };
      const [plain, same] = [await outputs(), await outputs('test-factor')];
      for (const [i, stage] of plain.entries()) await expectClose(stage, same[i]!, { relative: 0 });
      const none = await outputs({ name: 'test-factor', factor: 0, stages: [2] });
      await expectClose(none[0]!, plain[0]!, { relative: 0 });
      expect(none[1]).not.toEqual(plain[1]);
    });
  });

  describe('rejects', () => {
    it.each([[[0]], [[4]], [[1.5]]])('stages %j of three', (stages) =>
      expectCovpoolError(
        () => createModel('resnet8', { attention: { name: 'test-factor', stages } }),
        'bad-argument',
        /attention 'test-factor': stages must be whole numbers from 1 to 3, got/,
      ),
    );

    it('unknown attentions and options, listing those that exist', async () => {
      await expectCovpoolError(
        () => createModel('resnet8', { attention: 'nowhere' }),
        'bad-argument',
        /unknown attention 'nowhere'; known: .*test-factor/,
      );
      await expectCovpoolError(
        () => createModel('resnet8', { attention: { name: 'test-factor', depth: 1 } }),
        'bad-argument',
        /attention 'test-factor': unknown option 'depth'; it has: name, factor/,
      );
    });
  });

  describe('memory', () => {
    it('gives back all it took', () =>
      expectNoLeak(() => {
        const net = createModel('resnet8', { classes: 2, attention: 'test-factor' });
        const x = zeros([1, 16, 16, 3]);
        (net.predict(x) as Tensor).dispose();
        x.dispose();
        net.dispose();
      }));
  });
});
