import { useEngine } from '@covpool/engines';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backbones, createModel, exportState, importState, swin, type TensorData } from './index.ts';

// Names of published files, on networks small enough to build many of.
const plan = { summary: '', inputSize: 32, patch: 4, width: 8, window: 4, mlpRatio: 1, dropPath: 0 };
backbones.register('swin-three-stages', swin({ ...plan, depths: [2, 1, 1], heads: [1, 1, 2] }));

type State = Map<string, TensorData>;

const bytes = (length: number): TensorData => ({ dtype: 'U8', shape: [length], data: new Uint8Array(length) });

/** Imports a file that holds another network's weights under published names; every weight must arrive. */
async function arrive(
  name: string,
  toPublished: (name: string) => string,
  extra: string[] = [],
): Promise<{ layout: string; problems: unknown[] }> {
  const [from, to] = [createModel(name, { classes: 3, seed: 1 }), createModel(name, { classes: 3, seed: 2 })];
  const state = await exportState(from);
  const file: State = new Map([...state].map(([key, tensor]) => [toPublished(key), tensor]));
  for (const key of extra) file.set(key, bytes(4));
  const { layout, problems } = importState(to, file);
  expect(await exportState(to)).toEqual(state);
  for (const net of [from, to]) net.dispose();
  return { layout, problems };
}

const names = async (net: LayersModel): Promise<string[]> => {
  const state = await exportState(net);
  net.dispose();
  return [...state.keys()];
};

beforeAll(async () => {
  await useEngine('cpu');
});

describe('weights of transformers', () => {
  it('are named as in timm (spec backbones 7.4)', async () => {
    const deit = await names(createModel('deit-mini', { classes: 3 }));
    const block = ['norm1', 'attn.qkv', 'attn.proj', 'norm2', 'mlp.fc1', 'mlp.fc2'];
    const both = (path: string) => [`${path}.weight`, `${path}.bias`];
    expect(deit.sort()).toEqual(
      [
        ...['cls_token', 'pos_embed'],
        ...['patch_embed.proj', 'norm', 'head'].flatMap(both),
        ...[0, 1, 2, 3].flatMap((i) => block.flatMap((part) => both(`blocks.${i}.${part}`))),
      ].sort(),
    );
    const windows = await names(createModel('swin-mini', { classes: 3 }));
    expect(windows).toEqual(
      expect.arrayContaining([
        ...['patch_embed.proj.bias', 'patch_embed.norm.weight', 'layers.1.downsample.norm.bias'],
        ...['layers.1.downsample.reduction.weight', 'layers.0.blocks.1.attn.relative_position_bias_table'],
        ...['layers.1.blocks.0.attn.qkv.bias', 'norm.weight', 'head.fc.bias'],
      ]),
    );
    expect(windows).not.toContain('layers.1.downsample.reduction.bias');
  });

  it("are named as in DropCov's and T2T's code, but for the pooling (spec backbones 7.3)", async () => {
    const drop = await names(createModel('deit-drop-mini', { classes: 3 }));
    expect(drop).toEqual(
      expect.arrayContaining([
        ...['visual_tokens.tokens.stem.0.bias', 'visual_tokens.tokens.stage.0.denselayer1.norm1.running_mean'],
        ...['visual_tokens.tokens.stage.4.denselayer2.conv2.weight', 'visual_tokens.tokens.stage.5.norm.weight'],
        ...['visual_tokens.tokens.stage.5.conv.weight', 'visual_tokens.tokens.transition.bias', 'cls_token'],
        ...['pos_embed', 'blocks.0.attn.qkv.weight', 'classifier.visual_fc.bias', 'classifier.cls_fc.weight'],
      ]),
    );
    expect(drop).not.toContain('blocks.0.attn.qkv.bias');
    const t2t = await names(createModel('t2t-vit-mini', { classes: 3 }));
    const attention = ['w', 'kqv.bias', 'proj.weight', 'norm1.weight', 'norm2.bias', 'mlp.0.weight', 'mlp.2.bias'];
    expect(t2t).toEqual(
      expect.arrayContaining([
        ...attention.map((name) => `tokens_to_token.attention2.${name}`),
        ...['tokens_to_token.project.weight', 'tokens_to_token.project.bias', 'pos_embed', 'head.weight'],
      ]),
    );
  });

  it("arrive from DropCov's files", async () => {
    const published = (name: string) => name.replace(/^pool\./, 'classifier.representation.');
    expect(await arrive('deit-drop-mini', published)).toEqual({ layout: '', problems: [] });
  });

  it("arrive from the files of Swin's authors: patches merged a stage earlier, tables of places beside the weights", async () => {
    const published = (name: string) =>
      name
        .replace(/^layers\.(\d+)\.downsample/, (_, stage: string) => `layers.${Number(stage) - 1}.downsample`)
        .replace(/^head\.fc\./, 'head.');
    const beside = ['layers.0.blocks.1.attn_mask', 'layers.0.blocks.0.attn.relative_position_index'];
    const found = await arrive('swin-three-stages', published, beside);
    expect(found).toEqual({ layout: 'Swin Transformer', problems: [] });
  });

  it('arrive below a classifier of another size, which is named', async () => {
    const [from, to] = [createModel('deit-mini', { classes: 5 }), createModel('deit-mini', { classes: 3 })];
    const { problems } = importState(to, await exportState(from), { partial: true });
    expect(problems.map(({ name, problem }) => [name, problem])).toEqual([
      ['head.weight', 'misshapen'],
      ['head.bias', 'misshapen'],
    ]);
    for (const net of [from, to]) net.dispose();
  });
});
