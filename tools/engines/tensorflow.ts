import { parseArgs } from 'node:util';
import { tensorflowFolder } from '@covpool/engines/node';
import { buildTensorflow } from './build-tensorflow.ts';
import { command } from './command.ts';
import { placeFolder } from './place.ts';

// Builds TensorFlow's engine from the registries of Node and Python, once for all clones: `engines:tensorflow [--cuda]`.

await command(async () => {
  const { values } = parseArgs({ options: { cuda: { type: 'boolean', default: false } } });
  const variant = values.cuda ? 'gpu' : 'cpu';
  const folder = tensorflowFolder(variant)!;

  const made = await placeFolder(folder, (draft) => buildTensorflow(draft, variant));
  console.log(`engines:tensorflow: ${made ? 'built' : 'is there already'}: ${folder}`);
});
