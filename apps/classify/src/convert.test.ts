import { loadWeights, saveWeights } from '@covpool/checkpoints/node';
import { toFloat32 } from '@covpool/checkpoints';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it, vi } from 'vitest';
import { classify } from './classify.fixture.ts';
import { shippedModel } from './shipped.ts';

const at = temporaryFolder();
const shipped = shippedModel('isqrt');

async function convert(...argv: string[]) {
  const { code, out, error } = await classify('convert', ...argv, '--json');
  expect([code, error]).toEqual([0, '']);
  return JSON.parse(out);
}

/** The values of every weight by name. */
async function values(path: string): Promise<Record<string, number[]>> {
  const { tensors } = await loadWeights(path);
  return Object.fromEntries([...tensors].sort().map(([name, tensor]) => [name, [...toFloat32(tensor)]]));
}

const network = ['--backbone', 'resnet8', '--pool', 'isqrt'];

describe('convert', () => {
  it('takes a network through every format and back, with the same weights', async () => {
    const expected = await values(shipped);
    expect(await convert(shipped, at('net.pth'))).toEqual({
      to: at('net.pth'),
      format: 'weights',
      weights: Object.keys(expected).length,
      network: 'resnet8, isqrt',
    });
    expect(await values(at('net.pth'))).toEqual(expected);
    await convert(at('net.pth'), at('hub'), ...network);
    await convert(at('hub'), at('web', 'model.json'));
    await convert(at('web', 'model.json'), at('net.pt'));
    await convert(at('net.pt'), at('net.safetensors.index.json'), ...network);
    await convert(at('net.safetensors.index.json'), at('net.safetensors'));
    expect(await values(at('net.safetensors'))).toEqual(expected);
    expect((await readdir(at('hub'))).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'preprocessor_config.json',
    ]);
  });

  it('writes the same ONNX file from a model folder, a folder of Hugging Face and a model.json', async () => {
    await convert(shipped, at('a.onnx'));
    await convert(shipped, at('published'));
    await convert(at('published'), at('layers', 'model.json'));
    const first = await readFile(at('a.onnx'));
    for (const from of [at('published'), at('layers'), at('layers', 'model.json')]) {
      await convert(from, at('b.onnx'));
      expect((await readFile(at('b.onnx'))).equals(first)).toBe(true);
    }
    expect(first.includes('"glass"')).toBe(true);
    expect(first.includes('height')).toBe(false);
    await convert(shipped, at('open.onnx'), '--size', 'any');
    expect((await readFile(at('open.onnx'))).includes('height')).toBe(true);
  });

  it("writes the authors' names and reads them", async () => {
    await convert(shipped, at('authors.pth'), '--names', 'authors');
    const names = Object.keys(await values(at('authors.pth')));
    expect(names).toContain('layer_reduce.weight');
    expect(names).toContain('layer_reduce_bn.running_var');
    await convert(at('authors.pth'), at('ours.safetensors'), ...network);
    expect(await values(at('ours.safetensors'))).toEqual(await values(shipped));
  });

  it('copies weights of any network under their own names', async () => {
    const { tensors } = await loadWeights(shipped);
    await saveWeights(at('other.safetensors'), new Map([['whatever', tensors.get('conv1.weight')!]]));
    expect(await convert(at('other.safetensors'), at('other.pth'))).toEqual({
      to: at('other.pth'),
      format: 'weights',
      weights: 1,
    });
    expect(Object.keys(await values(at('other.pth')))).toEqual(['whatever']);
  });

  it('reads from the web: a file, a folder of Hugging Face, a model of the hub', async () => {
    await convert(shipped, at('served'));
    await convert(shipped, at('served.pth'));
    const server = createServer(async (request, response) => {
      const body = await readFile(at(...(request.url ?? '').split('/'))).catch(() => undefined);
      response.writeHead(body ? 200 : 404).end(body);
    });
    await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await convert(`${address}/served`, at('fetched.onnx'));
      await convert(`${address}/served.pth`, at('fetched.safetensors'), ...network);
      expect(await values(at('fetched.safetensors'))).toEqual(await values(shipped));
      vi.stubEnv('HF_ENDPOINT', address);
      await convert(shipped, at('user', 'net', 'resolve', 'main'));
      await convert('hf://user/net', at('hub.safetensors'));
      expect(await values(at('hub.safetensors'))).toEqual(await values(shipped));
      expect(await classify('convert', 'hf://net', at('none.pth'))).toMatchObject({
        code: 2,
        error: expect.stringContaining('hf://<user>/<model>'),
      });
      const missing = await classify('convert', `${address}/none.pth`, at('none.pth'));
      expect(missing).toMatchObject({ code: 2, error: expect.stringContaining('got none (404)') });
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  });
});

describe('bad input', () => {
  const refuses = async (argv: string[], message: RegExp) => {
    const { code, error } = await classify('convert', ...argv);
    expect(error).toMatch(message);
    expect([code, error.trim().split('\n').length]).toEqual([2, 1]);
  };

  it('is refused in one line', async () => {
    await saveWeights(at('bare.pth'), (await loadWeights(shipped)).tensors);
    await mkdir(at('full'));
    await writeFile(at('full', 'mine.txt'), '');
    await writeFile(at('text.pth'), 'no weights');
    await refuses([], /<in> and <out> are required/);
    await refuses([shipped, at('net.h5')], /<out> must be .*got .*net\.h5/);
    await refuses([shipped, at('full')], /a new or empty folder is required/);
    await refuses([at('bare.pth'), at('bare.pth')], /another than <in>/);
    await refuses([at('bare.pth'), at('net.onnx')], /without a description .* give --backbone and --pool/);
    await refuses([at('bare.pth'), at('x.pth'), '--pool', 'gap'], /--pool describes a network with --backbone/);
    await refuses([at('text.pth'), at('x.pth')], /text\.pth/);
    await refuses([at('absent.pth'), at('x.pth')], /absent\.pth/);
    await refuses([shipped, at('x.onnx'), '--size', '4'], /--size must be/);
    await refuses([at('bare.pth'), at('x.onnx'), ...network.slice(0, 3), 'mpn'], /'pool' .*isqrt/);
    await expect(stat(at('x.pth'))).rejects.toThrow('ENOENT');
    await expect(stat(at('x.onnx'))).rejects.toThrow('ENOENT');
  });

  it("lists another network's weights in one table", async () => {
    const { code, out, error } = await classify('convert', at('bare.pth'), at('x.onnx'), '--backbone', 'resnet8');
    expect(code).toBe(2);
    expect(error).toMatch(/weights unexpected \(pool\.reduce/);
    expect(out.split('\n')[0]).toMatch(/^problem +weight +file +model$/);
    expect(out).toMatch(/^misshapen +fc\.weight +\[6,2080\] +\[6,64\]$/m);
  });
});

const python = process.env.COVPOOL_PYTHON;
const why = python ? '' : ' (skipped: COVPOOL_PYTHON names no Python that has PyTorch)';

describe(`PyTorch${why}`, () => {
  it.skipIf(!python)('loads what is written', async () => {
    await convert(shipped, at('for-torch.pth'), '--names', 'authors');
    const script =
      'import json, sys, torch; s = torch.load(sys.argv[1]); print(json.dumps({n: list(t.shape) for n, t in s.items()}))';
    const { stdout } = await promisify(execFile)(python!, ['-c', script, at('for-torch.pth')]);
    const shapes = JSON.parse(stdout) as Record<string, number[]>;
    expect(shapes['layer_reduce.weight']).toEqual([64, 64, 1, 1]);
    expect(shapes['fc.weight']).toEqual([6, 2080]);
    expect(Object.keys(shapes)).toHaveLength(Object.keys(await values(shipped)).length);
    expect(basename(shipped)).toBe('isqrt');
  });
});
