import { CovpoolError } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { checkWeightBytes, parseModelJson } from './model-json.ts';

const json = (weights: unknown[], paths: unknown[] = ['w.bin']) =>
  new TextEncoder().encode(JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths, weights }] }));

/** A dense layer of these units, with 6 weights. */
const sized = (config: object) =>
  new TextEncoder().encode(
    JSON.stringify({
      modelTopology: { config: { layers: [{ class_name: 'Dense', config }] } },
      weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'k', shape: [2, 3], dtype: 'float32' }] }],
    }),
  );

const kernel = { name: 'k', shape: [2, 3], dtype: 'float32' };

describe('values', () => {
  it('counts the bytes of the weights, quantised ones too', () => {
    checkWeightBytes(parseModelJson(json([kernel])), 24);
    checkWeightBytes(parseModelJson(json([kernel, { name: 's', shape: [], dtype: 'bool' }])), 25);
    const quantization = { dtype: 'uint8', scale: 1, min: 0 };
    checkWeightBytes(parseModelJson(json([{ ...kernel, quantization }])), 6);
    checkWeightBytes(parseModelJson(json([kernel, { name: 't', shape: [1], dtype: 'string' }])), 99);
    expect(() => checkWeightBytes(parseModelJson(json([kernel])), 25)).toThrow(/must have 24 bytes, got 25/);
  });
});

describe('sizes of the topology', () => {
  it('may be those of the weights', () => {
    expect(parseModelJson(sized({ units: 6 }))).toHaveProperty('modelTopology');
  });

  it('may be those of a layer without weights', () => {
    expect(parseModelJson(sized({ kernel_size: [7, 7] }))).toHaveProperty('modelTopology');
    expect(parseModelJson(sized({ output_dim: 8192 }))).toHaveProperty('modelTopology');
    expect(() => parseModelJson(sized({ output_dim: 1e9 }))).toThrow(/output_dim must be at most 65536/);
  });
});

describe('rejects', () => {
  it.each([
    ['text', new TextEncoder().encode('{'), /JSON is required/],
    ['null', new TextEncoder().encode('null'), /a topology and a manifest/],
    ['half of it', new TextEncoder().encode('{"modelTopology": {}}'), /a topology and a manifest/],
    ['bytes that are no text', Uint8Array.of(0xff), /JSON is required/],
    [
      'a group that is none',
      new TextEncoder().encode('{"modelTopology":{},"weightsManifest":[1]}'),
      /paths and weights/,
    ],
    ['files elsewhere', json([], ['../../secret']), /beside the model\.json, got "\.\.\/\.\.\/secret"/],
    ['files anywhere', json([], ['/etc/passwd']), /beside the model\.json/],
    ['a path that is none', json([], [1]), /beside the model\.json/],
    ['a weight without name', json([{ shape: [], dtype: 'float32' }]), /a name and a shape/],
    ['a negative extent', json([{ ...kernel, shape: [-1] }]), /a name and a shape/],
    [
      'sizes far beyond the weights',
      sized({ units: 65 }),
      /units must be at most 64 with weights of so many elements, got 65/,
    ],
    ['another type', json([{ ...kernel, dtype: 'float8' }]), /'k' must have one of the types float32/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseModelJson(bytes)).toThrow(CovpoolError);
    expect(() => parseModelJson(bytes)).toThrow(message);
  });
});
