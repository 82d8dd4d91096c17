import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CovpoolError } from '@covpool/base';
import { openSource } from './picture-source.ts';
import type { SourceDataset } from './picture-source.ts';

const SIDE = 32;
const PIXEL_BYTES = SIDE * SIDE * 3;

interface Layout {
  splits: Record<'train' | 'test', RegExp>;
  namesFile: string;
  /** Label bytes before the pixels; the last of them is the label. */
  labelBytes: number;
}

const layouts: Layout[] = [
  {
    splits: { train: /^data_batch_\d+\.bin(\.gz)?$/, test: /^test_batch\.bin(\.gz)?$/ },
    namesFile: 'batches.meta.txt',
    labelBytes: 1,
  },
  {
    splits: { train: /^train\.bin(\.gz)?$/, test: /^test\.bin(\.gz)?$/ },
    namesFile: 'fine_label_names.txt',
    labelBytes: 2,
  },
];

export interface CifarOptions {
  split?: 'train' | 'test';
}

/**
 * CIFAR-10 or CIFAR-100 (fine labels) in the binary layout, plain or gzipped, held in memory (3 kB a picture). The names
 * file tells which of the two it is; of CIFAR-10's training batches any number may be present.
 *
 * Fails with `bad-input` for a missing names or data file, a length that is not a whole number of records, and a label
 * without a name.
 */
export async function cifar(folder: string, { split = 'train' }: CifarOptions = {}): Promise<SourceDataset> {
  const present = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const got = `${folder}, which ${cause.code === 'ENOENT' ? 'does not exist' : `cannot be listed (${cause.code})`}`;
    throw refuse('a folder in the binary layout of CIFAR-10 or CIFAR-100 is required', got, 'check the path', cause);
  });
  const layout = layouts.find(({ namesFile }) => present.includes(namesFile));
  if (!layout) {
    const names = layouts.map(({ namesFile }) => namesFile).join(' or ');
    throw refuse(`${names} is required`, `${folder} without it`, 'copy it from the original archive');
  }
  const files = present.filter((file) => layout.splits[split].test(file)).sort();
  if (files.length === 0)
    throw refuse(`a file of the ${split} split is required`, `none in ${folder}`, 'copy it from the original archive');
  const lines = (await readFile(join(folder, layout.namesFile), 'utf8')).split(/\r?\n/);
  const classes = lines.map((line) => line.trim()).filter((line) => line !== '');

  const stride = layout.labelBytes + PIXEL_BYTES;
  const parts = await Promise.all(files.map((file) => records(join(folder, file), stride)));
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  // Shared, so that worker threads read it in place.
  const data = new Uint8Array(new SharedArrayBuffer(bytes));
  const names: string[] = [];
  for (const [i, part] of parts.entries()) {
    data.set(part, names.length * stride);
    for (let record = 0; record < part.length / stride; record++) names.push(`${files[i]}#${record}`);
  }
  const label = (index: number) => data[index * stride + layout.labelBytes - 1]!;
  for (const [index, name] of names.entries())
    if (label(index) >= classes.length)
      throw refuse(
        `labels below ${classes.length} are required, as ${layout.namesFile} names that many classes`,
        `${label(index)} in ${join(folder, name)}`,
        'check that the files belong together',
      );
  const source = { kind: 'planes', width: SIDE, height: SIDE, data, stride, offset: layout.labelBytes } as const;
  return { classes, length: names.length, label, name: (index) => names[index]!, read: openSource(source), source };
}

async function records(path: string, stride: number): Promise<Uint8Array> {
  const whole = `a whole number (at least 1) of records of ${stride} bytes is required`;
  const advice = 'copy the file from the original archive again';
  try {
    const file = await readFile(path);
    const bytes = path.endsWith('.gz') ? await promisify(gunzip)(file) : file;
    if (bytes.length === 0 || bytes.length % stride !== 0)
      throw refuse(whole, `${bytes.length} bytes in ${path}`, advice);
    return bytes;
  } catch (cause) {
    if (cause instanceof CovpoolError) throw cause;
    throw refuse(whole, `${path}, which cannot be read: ${(cause as Error).message}`, advice, cause);
  }
}

function refuse(required: string, got: string, advice: string, cause?: unknown): CovpoolError {
  return new CovpoolError('bad-input', `cifar: ${required}, got ${got}; ${advice}`, { cause });
}
