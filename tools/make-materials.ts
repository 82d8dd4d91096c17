/**
 * Makes `data/materials` from a folder of TrashNet pictures in ImageFolder layout:
 *
 *     node --conditions=@covpool/source --import tsx tools/make-materials.ts <source folder> [target folder]
 *
 * Every picture is scaled to a short side of 96 pixels (Lanczos) and written as JPEG without metadata. The same source
 * gives the same bytes; the digest over all of them stands in the README that is written beside the pictures.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import sharp from 'sharp';
import { resize } from '@covpool/datasets';

const SHORT_SIDE = 96;
const JPEG = { quality: 90, chromaSubsampling: '4:2:0', mozjpeg: false } as const;
const SPLITS = ['train', 'val'];

const [source, target = resolvePath(import.meta.dirname, '../data/materials')] = process.argv.slice(2);
if (!source) throw new Error('make-materials: the folder with train/ and val/ is required as first argument');

async function shrink(bytes: Uint8Array): Promise<Uint8Array> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const scale = SHORT_SIDE / Math.min(info.width, info.height);
  const width = Math.round(info.width * scale);
  const height = Math.round(info.height * scale);
  const small = resize({ width: info.width, height: info.height, data }, width, height, { filter: 'lanczos' });
  return sharp(small.data, { raw: { width, height, channels: 3 } })
    .jpeg(JPEG)
    .toBuffer();
}

function readme(classes: string[], counts: Map<string, number>, bytes: number, digest: string): string {
  const total = (split: string) => classes.reduce((sum, name) => sum + counts.get(`${split}/${name}`)!, 0);
  const rows = classes.map(
    (name) => `| ${name} | ${SPLITS.map((split) => counts.get(`${split}/${name}`)).join(' | ')} |`,
  );
  return `# materials

Pictures of waste on a white board, told apart by material: 6 unbalanced classes.

| class | train | val |
| --- | ---: | ---: |
${rows.join('\n')}
| **all** | **${total('train')}** | **${total('val')}** |

- **Format**: ImageFolder, \`<split>/<class>/<name>.jpg\`, RGB JPEG of 128x96 or 96x128 pixels, ${(bytes / 1e6).toFixed(
    1,
  )} MB in all.
- **Origin**: TrashNet by Gary Thung and Mindy Yang, https://github.com/garythung/trashnet (please cite it), with the train
  and validation lists given there. The test list is not included.
- **Licence**: MIT, see \`LICENSE\`.
- **Cleaning**: three pairs of files are pixel-identical but labelled differently (metal91/glass115, plastic332/glass389,
  plastic152/glass176); all six are left out.
- **Made by** \`tools/make-materials.ts\` from the pictures at half size (256x192, JPEG quality 88): short side ${SHORT_SIDE}
  pixels, Lanczos, JPEG quality ${JPEG.quality}, chroma ${JPEG.chromaSubsampling}, no metadata.
- **SHA-256** over the pictures' paths and bytes, in the order of their paths:
  \`${digest}\`
`;
}

for (const split of SPLITS) await rm(join(target, split), { recursive: true, force: true });
const digest = createHash('sha256');
const counts = new Map<string, number>();
let bytes = 0;
const classes = (await readdir(join(source, SPLITS[0]!))).sort();
for (const split of SPLITS)
  for (const name of classes) {
    const files = (await readdir(join(source, split, name))).filter((file) => file.endsWith('.jpg')).sort();
    counts.set(`${split}/${name}`, files.length);
    await mkdir(join(target, split, name), { recursive: true });
    for (const file of files) {
      const path = `${split}/${name}/${file}`;
      const small = await shrink(await readFile(join(source, path)));
      await writeFile(join(target, path), small);
      digest.update(path).update(small);
      bytes += small.length;
    }
  }
const hex = digest.digest('hex');
await copyFile(join(source, 'LICENSE'), join(target, 'LICENSE'));
await writeFile(join(target, 'README.md'), readme(classes, counts, bytes, hex));
console.log(`${[...counts.values()].reduce((a, b) => a + b)} pictures, ${bytes} bytes, sha256 ${hex}`);
