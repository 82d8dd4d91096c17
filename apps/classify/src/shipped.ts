import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unknownName } from '@covpool/base';

const repository = new URL('../../../', import.meta.url);

/** The pictures that ship with the repository. */
export const materialsFolder = fileURLToPath(new URL('data/materials', repository));

/** The data folder of a training; the shipped networks' cards name theirs relative to the repository. */
export function dataFolder(training: unknown): string {
  const { data = materialsFolder } = (training ?? {}) as { data?: string };
  return resolve(fileURLToPath(repository), data);
}

/** The folder of a trained network that ships with the repository. */
export function shippedModel(name: string): string {
  const models = fileURLToPath(new URL('models', repository));
  const names = readdirSync(models).filter((entry) => existsSync(join(models, entry, 'config.json')));
  if (!names.includes(name)) throw unknownName('predict', 'model', name, names);
  return join(models, name);
}
