import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { GlobalAveragePooling, type PoolingConfig, poolings } from '@covpool/core';
import { mul, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { temporaryFolder } from '@covpool/testing/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { classify, smallData, tiny } from './classify.fixture.ts';
import { missingRuns } from './compare-plan.ts';
import { compareConfigSchema } from './config.ts';

const at = temporaryFolder();
let data: string;
beforeAll(async () => {
  data = await smallData(at('data'));
});

/** `tiny` with one epoch. */
const quick = tiny.map((option, i) => (tiny[i - 1] === '--epochs' ? '1' : option));

describe('compare', () => {
  const heads = (out: string, ...more: string[]) =>
    classify('compare', '--pools', 'gap,isqrt', '--dim', '8', '--data', data, ...tiny, '--out', out, ...more);

  it('trains the heads, prints the table, and resumes without training again', async () => {
    const { code, out } = await heads(at('heads'));
    expect(code).toBe(0);
    expect(out).toMatch(/^head +parameters +top-1 % +mean class % +epochs to gap's final +ms per step$/m);
    expect(out).toMatch(/^isqrt +[\d,]+ /m);
    for (const name of ['report.html', 'accuracy.png', 'confusion-gap.png', 'pictures-isqrt.png']) {
      expect((await stat(at('heads', name))).size).toBeGreaterThan(1000);
    }
    const before = (await stat(at('heads', 'gap', 'result.json'))).mtimeMs;
    await rm(at('heads', 'isqrt'), { recursive: true });
    const resumed = await classify('compare', '--resume', '--out', at('heads'));
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.out).toContain('1 of 2 trainings are complete already');
    expect((await stat(at('heads', 'gap', 'result.json'))).mtimeMs).toBe(before);
    expect(await classify('compare', '--resume', '--out', at('heads'), '--lr', '0.5')).toMatchObject({
      code: 2,
      error: expect.stringMatching(
        /goes on with the choices in .*, where lr is undefined, got 0.5; leave the option out$/m,
      ),
    });
  });

  const compare = (out: string, ...more: string[]) => classify('compare', '--out', at(out), ...more, '--json');
  const seedsOf = (json: string) =>
    Object.fromEntries(JSON.parse(json).heads.map(({ head, seeds }: { head: string; seeds: number }) => [head, seeds]));

  it('grows: more heads and seeds join what is there, which stays as it is', async () => {
    const begun = await compare('grows', '--data', data, ...quick, '--dim', '8', '--pools', 'gap,cov', '--seeds', '2');
    expect(seedsOf(begun.out)).toEqual({ gap: 2, cov: 2 });
    const result = at('grows', 'gap-seed0', 'result.json');
    const before = (await stat(result)).mtimeMs;

    const more = await compare('grows', '--resume', '--pools', 'cov,dropcov', '--seeds', '1');
    expect(seedsOf(more.out)).toEqual({ gap: 2, cov: 2, dropcov: 1 });
    const third = await compare('grows', '--resume', '--pools', 'gap', '--seeds', '3');
    expect(seedsOf(third.out)).toEqual({ gap: 3, cov: 2, dropcov: 1 });
    expect(await compare('grows', '--resume')).toEqual({ ...third, error: '' });
    expect((await stat(result)).mtimeMs).toBe(before);

    const { runs, choices } = JSON.parse(await readFile(at('grows', 'compare.json'), 'utf8'));
    expect(choices).toMatchObject({ dim: 8, seed: 0, data });
    expect(runs.map(({ folder: name }: { folder: string }) => name)).toEqual([
      'gap-seed0',
      'cov-seed0',
      'gap-seed1',
      'cov-seed1',
      'dropcov',
      'gap-seed2',
    ]);
    expect(runs[4].pool).toEqual({ name: 'dropcov', dim: 8 });
    expect(await compare('grows', '--resume', '--pools', 'isqrt', '--dim', '4')).toMatchObject({
      code: 2,
      error: expect.stringMatching(/where dim is 8, got 4; leave the option out/),
    });
  });

  it('knows a head by its options, and refuses what is no pooling before it makes a folder', async () => {
    await writeFile(at('two.yaml'), 'pools: [cov, {name: cov, dim: 4}, cov]\n');
    const two = await compare('two', '--data', data, ...quick, '--dim', '8', '--config', at('two.yaml'));
    expect(seedsOf(two.out)).toEqual({ cov: 1, 'cov-2': 1 });
    const unknown = await compare('unknown', '--data', data, '--pools', 'gap,cvo');
    expect(unknown).toMatchObject({ code: 2, error: expect.stringMatching(/unknown pooling 'cvo'; known: .*gap/) });
    expect(await readdir(at())).not.toContain('unknown');
  });

  it('goes on with the others when one diverges, says so, and does not try it again', async () => {
    class Diverging extends GlobalAveragePooling {
      static override className = 'covpool/classify/Diverging';
      protected override pool(features: Tensor3D): Tensor2D {
        return mul(super.pool(features), Number.NaN);
      }
    }
    poolings.register('diverging', {
      ...poolings.get('gap'),
      create: (options: PoolingConfig) => new Diverging(options),
    });
    const pools = ['--pools', 'gap,diverging,cov', '--dim', '8'];
    const { code, out } = await compare('diverges', '--data', data, ...quick, ...pools);
    expect(code).toBe(0);
    expect(seedsOf(out)).toEqual({ gap: 1, cov: 1 });
    const message = expect.stringMatching(/the loss became NaN in epoch 1, step 1/);
    expect(JSON.parse(out).failures).toEqual([{ name: 'diverging', message }]);
    expect(await readFile(at('diverges', 'report.html'), 'utf8')).toContain(
      'diverging failed: train: the loss became NaN',
    );
    expect((await compare('diverges', '--resume')).out).toBe(out);
  });
});

describe('compare --pools all', () => {
  it('plans every registered pooling once, in the order of registration', () => {
    const { pools, ...shared } = compareConfigSchema.parse({ pools: 'all' });
    const heads = missingRuns(pools, shared, []).map(({ head }) => head);
    expect(heads).toEqual(poolings.names());
    expect(heads.length).toBeGreaterThan(10);
    expect(missingRuns([{ name: 'gap' }, ...pools], shared, []).map(({ head }) => head)).toEqual(heads);
  });
});
