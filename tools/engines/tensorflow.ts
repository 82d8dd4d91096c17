import { parseArgs } from 'node:util';
import { provideTensorflow } from './build-tensorflow.ts';
import { command } from './command.ts';

// Builds TensorFlow's engine from the registries of Node and Python, once for all clones: `engines:tensorflow [--cuda]`.

await command(async () => {
  const { values } = parseArgs({ options: { cuda: { type: 'boolean', default: false } } });
  const { folder, made } = await provideTensorflow(values.cuda ? 'gpu' : 'cpu');
  console.log(`engines:tensorflow: ${made ? 'built' : 'is there already'}: ${folder}`);
});
