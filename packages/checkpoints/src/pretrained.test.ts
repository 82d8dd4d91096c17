import { expectCovpoolError } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelCard } from './model-card.ts';
import { fromPreprocessorConfig, type PicturePreprocessing, toPreprocessorConfig } from './preprocessor-config.ts';
import { loadPretrained, savePretrained } from './pretrained-file.ts';
import { fetchPretrained, fetchWeights, hubAddress } from './pretrained.ts';
import { saveWeights } from './weights-file.ts';
import { float32Data } from './tensor-data.ts';

const at = temporaryFolder({ each: true });
let server: Server;
let address: string;
beforeEach(async () => {
  server = createServer(async ({ url }, response) => {
    const bytes = await readFile(at(url!)).catch(() => undefined);
    if (url!.includes('broken')) response.statusCode = 500;
    else if (!bytes) response.statusCode = 404;
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const preprocessing: PicturePreprocessing = {
  inputSize: 224,
  cropFraction: 0.875,
  interpolation: 'bilinear',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const network = () => ({
  config: { backbone: 'resnet8', classes: ['a', 'b'] },
  tensors: new Map([['fc.bias', float32Data([2], Float32Array.of(1, 2))]]),
  preprocessing,
});
const card = { title: 'A network', license: 'mit', text: 'Trained on *nothing*.', results: { 'top-1 (%)': 50 } };

describe('values', () => {
  it('writes the files of a Hugging Face folder and reads the same, from disk and by address', async () => {
    await savePretrained(at(), { ...network(), card });
    const files = ['README.md', 'config.json', 'model.safetensors', 'preprocessor_config.json'];
    expect((await readdir(at())).sort()).toEqual(files);
    for (const found of [await loadPretrained(at()), await fetchPretrained(`${address}/`)]) {
      expect([found.config, found.preprocessing]).toEqual([network().config, preprocessing]);
      expect([...found.tensors.get('fc.bias')!.data]).toEqual([...network().tensors.get('fc.bias')!.data]);
    }
  });

  it('does without preprocessing and card', async () => {
    const { config, tensors } = network();
    await savePretrained(at(), { config, tensors });
    expect(await loadPretrained(at())).not.toHaveProperty('preprocessing');
    expect(await fetchPretrained(address)).not.toHaveProperty('preprocessing');
  });

  it.each(['model.safetensors.index.json', 'pytorch_model.bin'])('fetches weights from %s', async (name) => {
    const { config, tensors } = network();
    await savePretrained(at(), { config, tensors });
    await rm(at('model.safetensors'));
    await saveWeights(at(name), tensors);
    expect([...(await fetchPretrained(address)).tensors]).toEqual([...tensors]);
  });

  it('knows where a hub keeps models', async () => {
    const main = 'https://huggingface.co/user/my.model-1/resolve/main';
    expect(hubAddress('hf://user/my.model-1')).toBe(main);
    expect(hubAddress('hf://user/my.model-1/model.safetensors')).toBe(`${main}/model.safetensors`);
    expect(hubAddress('hf://user/net@v2', 'http://mirror/')).toBe('http://mirror/user/net/resolve/v2');
    expect(hubAddress('https://example.com/x.pth')).toBe('https://example.com/x.pth');
    for (const wrong of ['hf://user', 'hf://user/net/../x', 'hf://user/net@']) {
      await expectCovpoolError(async () => hubAddress(wrong), 'bad-argument', /hf:\/\/<user>\/<model>/);
    }
    const [{ tensors }] = [network()];
    await saveWeights(at('net.pth'), tensors);
    expect([...(await fetchWeights(`${address}/net.pth`)).tensors.keys()]).toEqual(['fc.bias']);
  });

  it('describes the evaluation transform in the words of image processors (shorter side 256, crop 224)', () => {
    expect(toPreprocessorConfig(preprocessing)).toMatchObject({
      size: { shortest_edge: 256 },
      crop_size: { height: 224, width: 224 },
      resample: 2,
      rescale_factor: 1 / 255,
      image_mean: preprocessing.mean,
    });
  });

  it('heads the card with facts for machines', () => {
    expect(modelCard({ ...card, tags: ['isqrt'] })).toBe(
      [
        ...['---', 'license: "mit"', 'library_name: "covpool"', 'pipeline_tag: "image-classification"'],
        ...['tags: ["covpool","tfjs","isqrt"]', '---', '', '# A network', '', 'Trained on *nothing*.', ''],
        ...['| measure | value |', '| --- | --- |', '| top-1 (%) | 50 |', ''],
      ].join('\n'),
    );
  });
});

describe('rejects', () => {
  it('folders and addresses without the files', async () => {
    await expectCovpoolError(() => loadPretrained(at()), 'bad-input', /must have a config\.json/);
    await expectCovpoolError(() => fetchPretrained(address), 'bad-input', /got no config\.json/);
    await writeFile(at('config.json'), '{}');
    await expectCovpoolError(() => loadPretrained(at()), 'bad-input', /must have one of model\.safetensors/);
    await expectCovpoolError(() => fetchPretrained(address), 'bad-input', /got no model\.safetensors/);
    await expectCovpoolError(() => fetchPretrained(`${address}/broken`), 'io', /got status 500/);
    await expectCovpoolError(() => fetchPretrained('http://127.0.0.1:1'), 'io', /cannot reach/);
  });

  it.each(['{', '[]', 'null'])('%s as config.json', async (text) => {
    await savePretrained(at(), network());
    await writeFile(at('config.json'), text);
    await expectCovpoolError(() => loadPretrained(at()), 'bad-input', /config\.json: .* required/);
    await expectCovpoolError(() => fetchPretrained(address), 'bad-input', /config\.json: .* required/);
  });

  it.each([
    { size: 256 },
    { crop_size: { height: 224, width: 200 } },
    { crop_size: { height: 300, width: 300 } },
    { resample: 0 },
    { image_mean: [0, 0] },
    { image_std: [1, 0, 1] },
  ])('preprocessing that is not understood: %o', (change) => {
    expect(() => fromPreprocessorConfig({ ...toPreprocessorConfig(preprocessing), ...change })).toThrow(/are required/);
  });
});
