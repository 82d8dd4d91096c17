import { writeFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mergeConfigs } from './merge.ts';
import { resolveConfig } from './resolve-config.ts';

const named = z.looseObject({ name: z.string() });
const schema = z.strictObject({
  epochs: z.int('must be a whole number').positive('must be positive').default(3),
  lr: z.number('must be a number').default(0.1),
  pool: z.preprocess((value) => (typeof value === 'string' ? { name: value } : value), named).default({ name: 'gap' }),
  augment: z.strictObject({ flip: z.boolean('must be true or false').default(true) }).optional(),
});

const at = temporaryFolder();
beforeAll(async () => {
  const files = {
    'base.yaml': 'epochs: 5\nlr: 0.2\npool: {name: isqrt, dim: 64}\n',
    'child.json': '{"extends": "base.yaml", "lr": 0.3}',
    'two.yaml': 'extends: [base.yaml, other.yaml]\n',
    'other.yaml': 'pool: cov\n',
    'ring-a.yaml': 'extends: ring-b.yaml\n',
    'ring-b.yaml': 'extends: ring-a.yaml\n',
    'typo.yaml': 'extends: base.yaml\nepohcs: 4\n',
    'deep.yaml': 'augment:\n  flipp: true\n',
    'wrong.yaml': 'epochs: many\n',
    'broken.yaml': 'epochs: [1\nlr: }',
    'list.yaml': '- 1\n',
    'empty.yaml': '',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
});

describe('resolveConfig', () => {
  it('takes defaults, then files, then options, then --set', async () => {
    const base = { lr: 0.05 };
    expect(await resolveConfig(schema, { base })).toMatchObject({ epochs: 3, lr: 0.05 });
    expect(await resolveConfig(schema, { base, file: at('child.json') })).toMatchObject({ epochs: 5, lr: 0.3 });
    const sets = ['lr=4e-1', 'pool.dim=32', 'augment.flip=false'];
    expect(await resolveConfig(schema, { base, file: at('child.json'), sets })).toEqual({
      epochs: 5,
      lr: 0.4,
      pool: { name: 'isqrt', dim: 32 },
      augment: { flip: false },
    });
    const options = { lr: 0.5, epochs: undefined, pool: { dim: undefined } };
    expect(await resolveConfig(schema, { base, file: at('child.json'), options })).toMatchObject({
      epochs: 5,
      lr: 0.5,
    });
    expect(await resolveConfig(schema, { base, file: at('child.json'), sets, options })).toMatchObject({ lr: 0.4 });
    const chosen = { sets: ['pool.dim=32'], options: { pool: 'cov' } };
    expect((await resolveConfig(schema, chosen)).pool).toEqual({ name: 'cov', dim: 32 });
  });

  it('changes a part of a default', async () => {
    expect(await resolveConfig(schema, { sets: ['pool.dim=8'] })).toMatchObject({ pool: { name: 'gap', dim: 8 } });
  });

  it('lets a later parent win and an empty file be', async () => {
    expect(await resolveConfig(schema, { file: at('two.yaml') })).toMatchObject({ epochs: 5, pool: { name: 'cov' } });
    expect(await resolveConfig(schema, { file: at('empty.yaml') })).toMatchObject({ epochs: 3 });
  });

  it.each([
    ['typo.yaml', /typo\.yaml: unknown key 'epohcs'; did you mean 'epochs'\?; known: epochs, lr, pool, augment$/],
    ['deep.yaml', /deep\.yaml: unknown key 'augment\.flipp'; did you mean 'flip'\?; known: flip$/],
    ['wrong.yaml', /wrong\.yaml: epochs: must be a whole number, got "many"$/],
    ['ring-a.yaml', /must not extend itself, got .*ring-a\.yaml → .*ring-b\.yaml → .*ring-a\.yaml/],
    ['broken.yaml', /broken\.yaml is neither YAML nor JSON: /],
    ['list.yaml', /list\.yaml must hold keys with values$/],
    ['absent.yaml', /cannot read .*absent\.yaml: there is no such file$/],
  ])('refuses %s in one line', async (name, message) => {
    const failure = await resolveConfig(schema, { file: at(name) }).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'bad-input', message: expect.stringMatching(message) });
    expect((failure as Error).message).not.toContain('\n');
  });

  it('names the --set or the options that were wrong', async () => {
    await expect(resolveConfig(schema, { sets: ['epochs=-1'] })).rejects.toThrow(
      'config: --set epochs=-1: epochs: must be positive, got -1',
    );
    await expect(resolveConfig(schema, { options: { epochs: 1.5 } })).rejects.toThrow('config: options: epochs');
    await expect(resolveConfig(schema, { sets: ['epochs'] })).rejects.toThrow('must read key=value or a.b=value');
    await expect(resolveConfig(schema, { sets: ['__proto__.x=1'] })).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

describe('mergeConfigs', () => {
  it('merges mappings, replaces lists, and changes neither argument', () => {
    const base = { a: { x: 1, y: [1, 2] }, b: 1 };
    expect(mergeConfigs(base, { a: { y: [3] }, c: null })).toEqual({ a: { x: 1, y: [3] }, b: 1, c: null });
    expect(base).toEqual({ a: { x: 1, y: [1, 2] }, b: 1 });
  });

  it('keeps the options of a named thing only under its own name', () => {
    const base = { pool: { name: 'isqrt', dim: 64 } };
    expect(mergeConfigs(base, { pool: 'gap' })).toEqual({ pool: 'gap' });
    expect(mergeConfigs(base, { pool: 'isqrt' })).toEqual(base);
    expect(mergeConfigs({ pool: 'isqrt' }, { pool: { dim: 8 } })).toEqual({ pool: { name: 'isqrt', dim: 8 } });
  });
});
