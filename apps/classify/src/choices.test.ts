import { readFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSafetensors } from '@covpool/checkpoints/node';
import { classify, smallData, tiny } from './classify.fixture.ts';

const at = temporaryFolder();
let data: string;
beforeAll(async () => {
  data = await smallData(at('data'), ['glass', 'paper'], 4);
});

/** Trains for an epoch; the card and the shapes of the weights. */
async function train(name: string, ...more: string[]) {
  const options = tiny.map((option, i) => (tiny[i - 1] === '--epochs' ? '1' : option));
  const { error } = await classify('train', '--data', data, ...options, '--out', at(name), ...more);
  expect(error).toBe('');
  const { tensors } = await loadSafetensors(at(name, 'last', 'model.safetensors'));
  const card = JSON.parse(await readFile(at(name, 'last', 'config.json'), 'utf8'));
  return { card, shape: (weight: string) => tensors.get(weight)?.shape, names: [...tensors.keys()] };
}

describe('the choices of train', () => {
  it('reach the pooling: its groups, its progressive reduction', async () => {
    const grouped = await train('groups', '--pool', 'cov', '--dim', '8', '--set', 'pool.groups=2');
    expect(grouped.card.pool).toEqual({ name: 'cov', dim: 8, groups: 2 });
    // Two triangles of four channels each.
    expect(grouped.shape('fc.weight')).toEqual([2, 2 * 10]);

    const reduced = await train(
      'reduce',
      '--pool',
      'isqrt',
      '--set',
      'pool.reduce=[16,8]',
      '--set',
      'pool.iterations=3',
    );
    expect(reduced.card.pool).toEqual({ name: 'isqrt', reduce: [16, 8], iterations: 3 });
    expect(reduced.shape('pool.reduce.1.0.weight')).toEqual([8, 16, 1, 1]);
    expect(reduced.shape('fc.weight')).toEqual([2, 36]);
  });

  it('reach the attention inside the network, which the trained network keeps', async () => {
    const stages = ['--set', 'attention.stages=[3]', '--set', 'attention.dim=8'];
    const attending = await train('attention', '--pool', 'gap', '--attention', 'gsop-channel', ...stages);
    expect(attending.card.attention).toEqual({ name: 'gsop-channel', stages: [3], dim: 8 });
    const { names } = await train('plain', '--pool', 'gap');
    const own = attending.names.filter((name) => !names.includes(name));
    expect(own.length).toBeGreaterThan(0);
    expect(own.every((name) => name.startsWith('layer3.'))).toBe(true);
    const { out } = await classify('eval', '--run', at('attention'), '--json');
    const { last } = JSON.parse(await readFile(at('attention', 'result.json'), 'utf8'));
    expect(JSON.parse(out).loss).toBe(last.loss);
    expect(await classify('train', '--data', data, '--attention', 'gsopp', '--out', at('no'))).toMatchObject({
      code: 2,
      error: expect.stringMatching(/unknown attention 'gsopp'.*gsop-channel/),
    });
  });
});
