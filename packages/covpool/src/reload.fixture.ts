import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerFileHandler } from '@covpool/checkpoints/node';
import { setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadLayersModel } from '@tensorflow/tfjs-layers';

interface Input {
  values: number[];
  shape: number[];
}

const { layersOf, folder, names } = JSON.parse(process.argv[2]!) as {
  layersOf?: string;
  folder: string;
  names: string[];
};
if (layersOf) await import(layersOf === 'core' ? '@covpool/core' : `@covpool/${layersOf}/layers`);
await setBackend('cpu');
registerFileHandler();
const results: Record<string, number[] | string> = {};
for (const name of names) {
  try {
    const model = await loadLayersModel(`file://${join(folder, name, 'model.json')}`);
    const input = JSON.parse(await readFile(join(folder, name, 'input.json'), 'utf8')) as Input;
    results[name] = [...(await (model.predict(tensor(input.values, input.shape)) as Tensor).data())];
  } catch (cause) {
    results[name] = (cause as Error).message;
  }
}
process.stdout.write(`\n${JSON.stringify(results)}\n`);
