import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelCard, modelCard } from './model-card.ts';
import { fromPreprocessorConfig, toPreprocessorConfig } from './preprocessor-config.ts';
import { parseConfig, type Pretrained } from './pretrained.ts';
import { saveSafetensors } from './safetensors-file.ts';
import { loadWeights } from './weights-file.ts';

/**
 * Writes a network as a Hugging Face folder: `config.json`, `model.safetensors`, and, where given,
 * `preprocessor_config.json` and a model card. Each file is replaced whole.
 */
export async function savePretrained(
  folder: string,
  { config, tensors, preprocessing, card }: Pretrained & { card?: ModelCard },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: unknown) =>
    writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  await saveSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  if (preprocessing) await write('preprocessor_config.json', toPreprocessorConfig(preprocessing));
  if (card) await writeFileAtomic(join(folder, 'README.md'), modelCard(card));
  await write('config.json', config);
}

/**
 * Reads a Hugging Face folder: `config.json`, the weights wherever `loadWeights` finds them, and
 * `preprocessor_config.json` if it is there.
 *
 * @throws bad-input
 */
export async function loadPretrained(folder: string): Promise<Pretrained> {
  const configPath = join(folder, 'config.json');
  const config = await readIfThere(configPath);
  if (!config) throw new CovpoolError('bad-input', `pretrained: ${folder} must have a config.json, got none`);
  const preprocessorPath = join(folder, 'preprocessor_config.json');
  const preprocessor = await readIfThere(preprocessorPath);
  return {
    config: parseConfig(configPath, config),
    tensors: (await loadWeights(folder)).tensors,
    ...(preprocessor && { preprocessing: fromPreprocessorConfig(parseConfig(preprocessorPath, preprocessor)) }),
  };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT') return undefined;
    throw new CovpoolError('bad-input', `pretrained: cannot read ${path} (${code})`);
  });
}
