import { fileURLToPath } from 'node:url';

const repository = new URL('../../../', import.meta.url);

/** The pictures that ship with the repository. */
export const materialsFolder = fileURLToPath(new URL('data/materials', repository));

/** The folder of a trained network that ships with the repository. */
export function shippedModel(name: string): string {
  return fileURLToPath(new URL(`models/${name}`, repository));
}
