import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import type { Dataset } from '@covpool/datasets';
import { cifar, imageFolder } from '@covpool/datasets/node';

const foldersOf = { train: ['train'], val: ['val', 'valid', 'validation', 'test'] } as const;

export type Split = keyof typeof foldersOf;

/** The pictures of a split: a folder per class below `train` and `val`, or CIFAR's binary batches. */
export async function openDataset(root: string, split: Split, limit?: number): Promise<Dataset> {
  const whole = await openWhole(root, split);
  return limit === undefined || limit >= whole.length ? whole : spreadSubset(whole, limit);
}

async function openWhole(root: string, split: Split): Promise<Dataset> {
  const isCifar = ['batches.meta.txt', 'fine_label_names.txt'].some((name) => existsSync(join(root, name)));
  if (isCifar) return cifar(root, { split: split === 'train' ? 'train' : 'test' });
  const names = foldersOf[split];
  const found = names.find((name) => existsSync(join(root, name)));
  if (existsSync(root) && !found) {
    throw new CovpoolError(
      'bad-input',
      `data: a folder with ${names.join(' or ')} in it is required, got ${root}; put the class folders below ${
        names[0]
      }`,
    );
  }
  return imageFolder(root, { split: found ?? names[0] });
}

/** `length` samples at even distances; datasets are sorted by class, so that every class keeps its share. */
function spreadSubset(whole: Dataset, length: number): Dataset {
  const at = (index: number) => Math.floor((index * whole.length) / length);
  return {
    classes: whole.classes,
    length,
    label: (index) => whole.label(at(index)),
    name: (index) => whole.name(at(index)),
    read: (index) => whole.read(at(index)),
  };
}

/** Refuses two parts of the data whose class folders differ: their labels would mean different things. */
export function checkSameClasses(where: string, required: readonly string[], got: readonly string[]): void {
  if (required.join('\n') === got.join('\n')) return;
  const odd = [...required.filter((name) => !got.includes(name)), ...got.filter((name) => !required.includes(name))];
  throw new CovpoolError(
    'bad-input',
    `data: ${where} must have the classes ${list(required)}, got ${list(got)}${
      odd.length > 0 ? `; differs in ${list(odd)}` : ''
    }`,
  );
}

function list(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} … (${names.length})` : names.join(', ');
}
