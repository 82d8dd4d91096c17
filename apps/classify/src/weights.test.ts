import { loadWeights, saveWeights } from '@covpool/checkpoints/node';
import type { TensorData } from '@covpool/checkpoints';
import { readFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { classify, smallData, tiny } from './classify.fixture.ts';
import { materialsFolder, shippedModel } from './shipped.ts';

const at = temporaryFolder();
let data: string;
let published: string;
const shipped = shippedModel('isqrt');

/** A shipped network as its authors would publish it: wrapped for data parallelism, with their names of the head. */
async function publish(path: string): Promise<string> {
  const { tensors } = await loadWeights(shipped);
  const theirs = (name: string) =>
    `module.${name.replace('pool.reduce.0.0.', 'layer_reduce.').replace('pool.reduce.0.1.', 'layer_reduce_bn.')}`;
  await saveWeights(path, new Map([...tensors].map(([name, tensor]) => [theirs(name), tensor])));
  return path;
}

beforeAll(async () => {
  data = await smallData(at('data'), ['glass', 'paper'], 4);
  published = await publish(at('published.pth'));
});

const oneEpoch = tiny.map((option, i) => (tiny[i - 1] === '--epochs' ? '1' : option));
const train = (name: string, ...more: string[]) =>
  classify('train', '--data', data, ...oneEpoch, '--lr', '0', '--weight-decay', '0', '--out', at(name), ...more);
const last = async (name: string) => (await loadWeights(at(name, 'last', 'model.safetensors'))).tensors;
const same = (p: TensorData | undefined, q: TensorData | undefined) =>
  Buffer.from(p!.data).equals(Buffer.from(q!.data)) && String(p!.shape) === String(q!.shape);

describe('eval --weights', () => {
  it('scores a published checkpoint as the network that it is', async () => {
    const options = ['--data', materialsFolder, '--json', '--size', '64'];
    const named = ['--backbone', 'resnet8', '--pool', 'isqrt'];
    const { code, out, error } = await classify('eval', '--weights', published, ...named, ...options);
    expect([code, error]).toEqual([0, '']);
    const found = JSON.parse(out);
    const expected = JSON.parse((await classify('eval', '--run', shipped, '--json')).out);
    expect(found).toEqual({ ...expected, weights: published });
    expect(found.top5).toBeGreaterThan(0.9);
  });

  it('needs no options where the weights say what they are', async () => {
    await classify('convert', shipped, at('hub'));
    const { code, out } = await classify('eval', '--weights', at('hub'), '--data', materialsFolder, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).top1).toBeGreaterThan(0.65);
    // Of a checkpoint without names of classes the data's are taken.
    await classify('convert', published, at('numbered'), '--backbone', 'resnet8', '--pool', 'isqrt');
    const numbered = await classify('eval', '--weights', at('numbered'), '--data', materialsFolder, '--json');
    expect(JSON.parse(numbered.out)).toMatchObject({ top1: JSON.parse(out).top1, classes: JSON.parse(out).classes });
  });

  it('refuses weights of another network or of other classes, with a table', async () => {
    const refused = async (...argv: string[]) => {
      const result = await classify('eval', '--weights', published, ...argv);
      expect([result.code, result.error.trim().split('\n').length]).toEqual([2, 1]);
      return result;
    };
    expect((await refused('--data', materialsFolder)).error).toMatch(
      /without a description; give --backbone and --pool/,
    );
    const other = await refused('--backbone', 'resnet8', '--pool', 'isqrt', '--data', data);
    expect(other.error).toMatch(/fc\.weight \[6,2080\] for \[2,2080\]/);
    expect(other.out).toMatch(/^misshapen +fc\.bias +\[6\] +\[2\]$/m);
    expect((await refused('--run', shipped, '--backbone', 'resnet8')).error).toMatch(/got --backbone too/);
  });
});

describe('train --weights', () => {
  it('starts from a checkpoint, replaces a classifier of another size and says so', async () => {
    const { code, out, error } = await train('tuned', '--weights', published, '--pool', 'isqrt');
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain(`weights  50 of 52 taken from ${published}`);
    expect(out).toContain('its classifier has 6 outputs, this one 2: it is replaced');
    expect(out).toMatch(/^misshapen +fc\.weight +\[6,2080\] +\[2,2080\]$/m);
    const [before, after] = [(await loadWeights(shipped)).tensors, await last('tuned')];
    // At a rate of 0 the running averages alone move.
    for (const [name, tensor] of after) {
      if (!/^fc\.|running_/.test(name)) expect([name, same(tensor, before.get(name))]).toEqual([name, true]);
    }
    expect(after.get('fc.weight')!.shape).toEqual([2, 2080]);
    const { training } = JSON.parse(await readFile(at('tuned', 'config.json'), 'utf8'));
    expect(training.weights).toBe(published);
  });

  it('takes the trunk below another pooling', async () => {
    const { out } = await train('other-head', '--weights', published, '--pool', 'cov', '--dim', '8');
    expect(out).toMatch(/^misshapen +pool\.reduce\.0\.0\.weight +\[64,64,1,1\] +\[8,64,1,1\]$/m);
    const [before, after] = [(await loadWeights(shipped)).tensors, await last('other-head')];
    expect(same(after.get('layer3.0.conv2.weight'), before.get('layer3.0.conv2.weight'))).toBe(true);
    expect(after.get('pool.reduce.0.0.weight')!.shape).toEqual([8, 64, 1, 1]);
  });

  it('keeps the channels of the weights where none are asked for', async () => {
    const state = new Map((await last('other-head')).entries());
    await saveWeights(at('narrow.safetensors'), state);
    const { out } = await train('narrow', '--weights', at('narrow.safetensors'), '--pool', 'cov');
    expect(out).toContain('weights  52 of 52 taken');
  });

  it('refuses the trunk of another network, and leaves no folder', async () => {
    const wrong = await train('refused', '--weights', published, '--backbone', 'resnet18', '--pool', 'isqrt');
    expect(wrong.code).toBe(2);
    expect(wrong.error).toMatch(
      /--weights must be of a resnet18, got .* with 'conv1\.weight' \[16,3,3,3\] for \[64,3,7,7\]/,
    );
    const absent = await train('refused', '--weights', at('absent.pth'));
    expect(absent).toMatchObject({ code: 2, error: expect.stringContaining('absent.pth') });
    await expect(readFile(at('refused', 'config.json'))).rejects.toThrow('ENOENT');
  });
});
