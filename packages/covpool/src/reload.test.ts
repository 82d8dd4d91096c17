import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerFileHandler } from '@covpool/checkpoints/node';
import { normalization, normalizations, pooling, poolings, withSeed } from '@covpool/core';
import { useEngine } from '@covpool/engines';
import { expectClose, seededTensor } from '@covpool/testing';
import { matMul, type Tensor } from '@tensorflow/tfjs-core';
import { type layers, sequential } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './index.ts';

/** A saved `LayersModel` in a process that imported one package's layers and TensorFlow.js alone. */

const folder = mkdtempSync(join(tmpdir(), 'covpool-reload-'));
const fixture = new URL('./reload.fixture.ts', import.meta.url);

interface Saved {
  name: string;
  layer: layers.Layer;
  input: Tensor;
}

const packageOf = (layer: layers.Layer): string => layer.getClassName().split('/')[1]!;

await useEngine('cpu');
const rows: Tensor = seededTensor([2, 9, 5], 'rows');

const all: Saved[] = [
  ...poolings.names().map((name) => ({
    name: `pooling-${name}`,
    layer: withSeed(1, () => pooling(name, { dim: 4, inputShape: [3, 4, 6] })),
    input: seededTensor([2, 3, 4, 6], 'features'),
  })),
  ...normalizations.names().map((name) => ({
    name: `normalization-${name}`,
    layer: withSeed(1, () => normalization(name, { inputShape: [5, 5] })),
    input: matMul(rows, rows, true, false),
  })),
];

/** Loads models in a new process; what each predicts for its input, or the message of its error. */
function reload(layersOf: string | undefined, names: string[]): Record<string, number[] | string> {
  const output = execFileSync(
    process.execPath,
    ['--conditions=@covpool/source', '--import', 'tsx', fixture.pathname, JSON.stringify({ layersOf, folder, names })],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return JSON.parse(output.slice(output.lastIndexOf('\n{') + 1)) as Record<string, number[] | string>;
}

beforeAll(async () => {
  registerFileHandler();
  for (const { name, layer, input } of all) {
    mkdirSync(join(folder, name));
    const values = [...(await input.data())];
    writeFileSync(join(folder, name, 'input.json'), JSON.stringify({ values, shape: input.shape }));
    await sequential({ layers: [layer] }).save(`file://${join(folder, name)}`);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each([...new Set(all.map(({ layer }) => packageOf(layer)))])('models of %s', (owner) => {
  const own = all.filter(({ layer }) => packageOf(layer) === owner);

  it('load where only that package was imported, and predict the same', async () => {
    const found = reload(
      owner,
      own.map(({ name }) => name),
    );
    for (const { name, layer, input } of own) {
      expect([name, typeof found[name]]).toEqual([name, 'object']);
      await expectClose(found[name] as number[], await (layer.apply(input) as Tensor).data(), {
        relative: 0,
      });
    }
  }, 60_000);
});

it('an error names the package to import where it was not', () => {
  const own = all.filter(({ layer }) => packageOf(layer) !== 'core');
  const found = reload(
    undefined,
    own.map(({ name }) => name),
  );
  for (const { name, layer } of own) expect(found[name]).toContain(`covpool/${packageOf(layer)}/`);
}, 60_000);
